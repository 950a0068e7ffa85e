import Adapters
import Tasks
import Training

/// The trainings of a matrix of languages, and where each method's answers are found.
struct TransferCells {
    /// A method on a task: the cell, and under which name its result has the answers in each language.
    struct Run {
        var method: TransferMethod
        var task: String
        var cell: Cell
        /// By language.
        var names: [String: String]
    }

    private let session: Session
    private let other: Session?
    private let plan: TransferPlan
    private let tasks: [String: [String: ExperimentTask]]
    private(set) var runs: [Run] = []
    /// The language adapters, by language.
    private(set) var languages: [String: Cell] = [:]
    /// In the order in which they are trained.
    private(set) var all: [Cell] = []

    init(
        _ session: Session, other: Session?, plan: TransferPlan, tasks: [String: [String: ExperimentTask]],
        texts: [String: TextCorpus]
    ) {
        self.session = session
        self.other = other
        self.plan = plan
        self.tasks = tasks
        if plan.methods.contains(where: \.usesLanguageAdapters) { addLanguages(texts) }
        for task in plan.tasks { add(task) }
    }

    /// The head of masked language modelling over all languages, then an adapter for each on that frozen head.
    private mutating func addLanguages(_ texts: [String: TextCorpus]) {
        let head = Cell(
            "languages.head", label: "head for masked tokens, all languages", session: session,
            training: LanguageTraining(
                on: plan.languages.compactMap { texts[$0] }, bundleName: "mlm", tokens: plan.headTokens),
            settings: plan.languageSettings, rates: .settings)
        for language in plan.languages {
            guard let text = texts[language] else { continue }
            languages[language] = Cell(
                "language.\(Session.safeName(language))", label: "language adapter, \(language)", session: session,
                training: LanguageTraining(
                    adapter: (plan.languageConfiguration, .cell(head)), on: [text], bundleName: language,
                    tokens: plan.languageTokens),
                settings: plan.languageSettings, rates: .settings, keepsBundle: true)
        }
        all += plan.languages.compactMap { languages[$0] }
    }

    /// A method's answers in every language under the languages' own names.
    private mutating func add(_ method: TransferMethod, _ task: String, _ cell: Cell, names: [String: String]? = nil) {
        let same = plan.languages.filter { tasks[task]?[$0] != nil }.map { ($0, $0) }
        runs.append(Run(method: method, task: task, cell: cell, names: names ?? Dictionary(uniqueKeysWithValues: same)))
        if !all.contains(where: { $0 === cell }) { all.append(cell) }
    }

    /// All methods with an encoder on a task.
    private mutating func add(_ task: String) {
        guard let tasks = tasks[task], let source = tasks[plan.source] else { return }
        let wants = Set(plan.methods)
        let there = plan.languages.filter { tasks[$0] != nil }
        let file = Session.safeName(task)
        let adapter = CellRecipe.adapter(plan.configuration)
        func everywhere(_ head: (String) -> String) -> [Cell.Scored] {
            there.compactMap { language in
                tasks[language].map { Cell.Scored(language, $0, head: head(language)) }
            }
        }
        func cell(
            _ name: String, _ label: String, on session: Session? = nil, _ training: TaskTraining,
            rates: Cell.Rates? = nil, scored: [Cell.Scored]? = nil
        ) -> Cell {
            Cell(
                "\(file).\(name)", label: "\(label), \(task)", session: session ?? self.session, training: training,
                settings: plan.settings, rates: rates ?? .grid(plan.rates),
                scored: scored ?? everywhere { _ in source.name }, keepsBundle: name == "adapter")
        }
        let plain = cell("adapter", "adapter", TaskTraining(adapter, on: [source]))

        if wants.contains(.otherBase), let other {
            add(
                .otherBase, task,
                cell("other_base", "adapter on \(other.model.name)", on: other, TaskTraining(adapter, on: [source])))
        }
        if wants.contains(.adapter) { add(.adapter, task, plain) }
        if !wants.isDisjoint(with: [.madx, .madxSource]), let below = languages[plan.source] {
            func scored(_ name: String, _ language: String, on adapter: Cell?) -> Cell.Scored? {
                guard let adapter, let data = tasks[language] else { return nil }
                return Cell.Scored("\(name):\(language)", data, head: source.name, on: .cell(adapter))
            }
            let stacked = cell(
                "madx", "adapter on the language adapter of \(plan.source)",
                TaskTraining(adapter, on: [source], on: .cell(below)),
                scored: there.compactMap { scored("own", $0, on: languages[$0]) }
                    // The source's own is kept there anyway
                    + there.filter { $0 != plan.source }.compactMap { scored("kept", $0, on: below) })
            func names(_ name: (String) -> String) -> [String: String] {
                Dictionary(uniqueKeysWithValues: there.map { ($0, "\(name($0)):\($0)") })
            }
            if wants.contains(.madx) { add(.madx, task, stacked, names: names { _ in "own" }) }
            if wants.contains(.madxSource) {
                add(.madxSource, task, stacked, names: names { $0 == plan.source ? "own" : "kept" })
            }
        }
        if wants.contains(.multitask) {
            add(
                .multitask, task,
                cell(
                    "multitask", "one adapter for all languages",
                    TaskTraining(adapter, on: there.compactMap { tasks[$0] }, scheduler: plan.scheduler),
                    scored: everywhere { tasks[$0]?.name ?? source.name }))
        }
        guard wants.contains(.fusion) else { return }
        // Attention over the plain adapters of all languages, trained with the source's data. Nobody asks for the scores
        // of the others: they are parts of the fusion
        let parts = there.compactMap { language in
            guard language != plan.source else { return plain }
            return tasks[language].map { data in
                cell(
                    "adapter.\(Session.safeName(language))", "adapter of \(language)",
                    TaskTraining(adapter, on: [data]), rates: .same(as: plain), scored: [])
            }
        }
        add(
            .fusion, task,
            cell(
                "fusion", "fusion of \(parts.count) languages' adapters",
                TaskTraining(.fusion(parts.map { .cell($0) }, .dynamic), on: [source])))
    }
}
