import Bundles
import Models
import Numerics
import Tasks

/// Heads of new trainings: which one a task gets, and how it reads its examples.
extension Session {
    /// The head that a task's kind asks for.
    /// - Parameters:
    ///   - isLinear: the one with a single layer.
    ///   - answers: of a head that answers questions.
    func head(
        for task: TaskData, pooling: Pool.Kind, prefix: String, isLinear: Bool = false,
        answers: AnswerSettings = AnswerSettings()
    ) throws -> NamedHead {
        let definition = task.definition
        let kind = TaskKinds.standard[definition.kind]?.head ?? ""
        guard let type = Heads.named(kind) else {
            throw TrainingError.mismatch(
                "task \(definition.name): kind \(definition.kind) needs a head of kind '\(kind)', which does not exist; "
                    + "found \(Heads.kinds.joined(separator: ", "))")
        }
        guard let type = isLinear ? type.linear : type else {
            throw TrainingError.mismatch(
                "task \(definition.name): found kind \(definition.kind), which no linear probe predicts, expected one of "
                    + "\(Self.linearKinds.joined(separator: ", ")); train a head in steps instead")
        }
        let request = HeadRequest(
            labels: task.labels, pooling: pooling, textPrefix: prefix, numbers: NumberScale.fitting(task.train),
            hasUnanswerable: (task.train + task.dev).contains { $0.answerSpans?.spans?.isEmpty ?? false },
            hasSingletons: task.train.contains { $0.clustered?.clusters?.contains { $0.count == 1 } ?? false },
            hidden: model.configuration.hidden, range: Self.range(of: task.train),
            subject: definition.kind == EntityLinking.name ? .entities : .documents,
            answers: answers, tokens: try tokens(for: task, prefix: prefix))
        var head = NamedHead(
            Self.safeName(definition.name), type.init(request),
            task: HeadTask(name: definition.name, kind: definition.kind))
        if head.readsPairs == nil {
            let forms = Set((task.train + task.dev).map { $0.pair != nil })
            head.pairs = forms.count == 1 ? forms.first : nil
        }
        return head
    }

    /// What a task of hidden tokens needs to know of them; nil for other kinds.
    /// - Throws: `TrainingError.setting` for a tokenizer without a mask
    private func tokens(for task: TaskData, prefix: String) throws -> TokenRequest? {
        guard task.definition.kind == MaskedLanguageModeling.name else { return nil }
        let encoder = model.configuration
        let mask = try MaskToken(tokenizer)
        let texts = EncodedExamples(
            sequences: task.train.map {
                tokenizer.encode(prefix + $0.text, pair: nil, maxLength: longest(MaskedLanguageModeling.maxLength)).ids
            })
        return TokenRequest(
            TokenSettings(vocabulary: encoder.vocabulary, mask: mask.text, maskID: mask.id),
            MaskedLanguageHead.Layers(encoder), logFrequencies: texts.logFrequencies(vocabulary: encoder.vocabulary))
    }

    /// A head as it predicts with this session's tokenizer.
    func named(_ named: NamedHead) -> NamedHead {
        var named = named
        named.head = named.head.form.named(named.head, by: tokenizer)
        return named
    }

    /// From the smallest to the largest number of examples; 0 to 1 where there are none.
    private static func range(of examples: [Example]) -> ClosedRange<Float> {
        let numbers = examples.flatMap { $0.numbers?.values ?? [] }.compactMap { $0.map { Float($0) } }
        guard let low = numbers.min(), let high = numbers.max() else { return 0...1 }
        return low...(high > low ? high : low + 1)
    }

    /// Kinds of task whose heads have a linear form.
    package static var linearKinds: [String] {
        TaskKinds.standard.kinds.filter { Heads.named($0.head)?.linear != nil }.map { $0.name }
    }

    /// How a head reads the batches of a training.
    package static func batchHead(
        _ head: any Head, index: Int, column: Int, targets: any TargetColumn, settings: TrainingSettings
    ) -> BatchHead {
        BatchHead(
            index: index, column: column, input: head.input,
            classWeights: settings.classWeights ? targets.balancedWeights(classes: head.labels.count) : nil,
            continuations: settings.labelsAllTokens ? TagContinuation.tags(head.labels) : nil)
    }

    /// One task of a training loop: some tasks' heads on the texts that they share, or one task's on its own.
    /// - Parameters:
    ///   - group: indices of the tasks.
    ///   - heads: of all tasks.
    ///   - taken: positions that adapters take from the texts
    func trainingTask(
        _ group: [Int], of tasks: [TaskData], heads: [any Head], settings: TrainingSettings, prefix: String, taken: Int
    ) throws -> TrainingTask {
        if group.count > 1, let alone = group.first(where: { !heads[$0].form.sharesTexts }) {
            throw TrainingError.mismatch(
                "task \(tasks[alone].definition.name): found \(tasks[alone].definition.kind) among tasks that share texts, "
                    + "expected kinds that read a text as it is; train it without --share-texts")
        }
        for index in group where tasks[index].train.isEmpty {
            throw TrainingError.noExamples(task: tasks[index].definition.name, split: "train")
        }
        let members = group.map { tasks[$0] }
        func encoded(_ split: Split) throws -> EncodedExamples {
            let rows = try SharedTexts.rows(split, of: members)
            return encode(
                zip(group, rows).map { (heads[$0], $1) }, maxLength: settings.maxLength, prefix: prefix, taken: taken,
                trains: split == .train)
        }
        let train = try encoded(.train)
        let goals = try group.enumerated().map { column, index in
            HeadObjective.Goal(
                name: tasks[index].definition.name,
                head: Self.batchHead(
                    heads[index], index: index, column: column, targets: train.columns[column], settings: settings),
                metric: try Metrics.standard.metric(of: tasks[index].definition))
        }
        return TrainingTask(
            name: Self.trainingName(members), objective: HeadObjective(goals), train: train,
            dev: try encoded(.dev))
    }

    /// The examples of a task, as its own head would read them: to count tokens before a training.
    /// - Parameter trains: whether they are what is learned from.
    package func encode(
        _ examples: [Example], of task: TaskData, maxLength: Int, trains: Bool
    ) throws -> EncodedExamples {
        let prefix = model.textPrefix
        let own = try head(for: task, pooling: .first, prefix: prefix).head
        return encode([(own, examples)], maxLength: maxLength, prefix: prefix, trains: trains)
    }
}
