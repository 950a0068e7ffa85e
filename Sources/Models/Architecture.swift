import Numerics

/// A tensor of a model, under its name in Hugging Face's files without the model's prefix.
package struct TensorSpec: Equatable, Sendable {
    package let name: String
    package let shape: [Int]
    /// Whether weight decay applies: not to biases and norms, as in transformers' trainer.
    package let decays: Bool
    /// The table of word embeddings, of which a batch uses few rows.
    package let isTable: Bool
    /// Whether it stands in files under this name, without the prefix of the others: a head of the model's own.
    package let standsApart: Bool

    package init(_ name: String, _ shape: [Int], decays: Bool, isTable: Bool = false, standsApart: Bool = false) {
        self.name = name
        self.shape = shape
        self.decays = decays
        self.isTable = isTable
        self.standsApart = standsApart
    }
}

/// A site of a model, as a method sees it before any plan is built.
package struct SiteSpec: Equatable, Sendable {
    package let site: Site
    /// Width of what the sublayer or projection reads.
    package let input: Int
    /// Width of what it returns.
    package let output: Int
    /// Names of the projection's tensors [output, input] and [output], or of the norm's, [output] both; nil where the site
    /// is neither.
    package let weight: String?
    package let bias: String?
    /// Where a tensor holds several projections: the rows of weight and bias that are this one's. nil: all.
    package let rows: Range<Int>?

    package init(
        _ site: Site, input: Int, output: Int, weight: String? = nil, bias: String? = nil, rows: Range<Int>? = nil
    ) {
        self.site = site
        self.input = input
        self.output = output
        self.weight = weight
        self.bias = bias
        self.rows = rows
    }
}

/// A model as data: its numbers, its tensors, and the sites where adapter methods may act.
package struct Architecture: Sendable {
    package let configuration: ModelConfiguration
    /// In a fixed order, which fingerprints and bundles follow.
    package let tensors: [TensorSpec]
    /// In the order of the computation.
    package let sites: [SiteSpec]
    let family: ModelFamily
    let layout: any EncoderLayout
    private let siteIndex: [Site: Int]

    /// The architecture that `Architectures` has for the configuration's family.
    /// - Throws: `ModelError.architecture`
    package init(_ configuration: ModelConfiguration) throws(ModelError) {
        guard let family = Architectures.named(configuration.family) else {
            throw .architecture(file: "model", found: configuration.family, known: Architectures.known)
        }
        self.configuration = configuration
        self.family = family
        layout = family.layout(configuration)
        tensors = layout.tensors
        sites = layout.sites
        siteIndex = Dictionary(sites.enumerated().map { ($1.site, $0) }) { first, _ in first }
    }

    package subscript(site: Site) -> SiteSpec? { siteIndex[site].map { sites[$0] } }

    /// The sites with these roles, in the order of the computation.
    package func sites(_ roles: Site.Kind...) -> [SiteSpec] { sites(roles) }

    package func sites(_ roles: some Collection<Site.Kind>) -> [SiteSpec] {
        sites.filter { roles.contains($0.site.kind) }
    }

    /// Whether a tensor is a projection's matrix, which quantizing makes smaller: all products of layers, not tables or norms.
    package func isQuantized(_ tensor: TensorSpec) -> Bool {
        let own = sites.filter { $0.weight == tensor.name }
        return tensor.shape.count == 2 && !own.isEmpty && own.allSatisfy { !$0.site.kind.isNorm && $0.rows == nil }
    }

    /// What stands before the encoder's tensors in a model with a head: "bert.".
    package var encoderPrefix: String { family.prefixes.first ?? "" }

    /// Whether the model writes texts: a token sees only those before it.
    package var isDecoder: Bool { family.isDecoder }

    /// Name of the tensor [vocabulary, hidden] that gives each token's logit; nil: the model writes no texts.
    package var outputTable: String? { layout.outputTable }

    /// Name of the table of word embeddings.
    package var wordTable: String { tensors.first(where: \.isTable)?.name ?? "" }
}
