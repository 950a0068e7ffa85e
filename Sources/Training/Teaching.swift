import Bundles
import Files
import Foundation
import Models
import Numerics
import Tasks

/// What a bundle says of a task's training texts, and what a student takes over from it (Hinton et al. 2015). The teacher
/// itself is not needed after this.
package struct Teaching {
    /// The task that the student trains on: with the texts that the teacher alone labels, and for numbers with the mix of
    /// both answers, α · teacher's + (1 − α) · data's, whose squared error has the gradient of both errors mixed.
    package let task: TaskData
    /// The teacher's scores on dev; nil without a dev split.
    package let dev: Evaluation?
    private let source: NamedHead
    /// The teacher's head; empty: the student's is new.
    private let tensors: [String: NamedTensor]
    /// Of the training texts, with the teacher's targets; nil for numbers, which `task` has.
    private let answers: (results: HeadResults, column: any TargetColumn)?
    private let temperature: Double

    /// - Parameters:
    ///   - bundle: the teacher's.
    ///   - teacher: the head of it that is asked.
    ///   - task: whose labels are the head's, in their order.
    ///   - texts: of the task, without answers.
    ///   - startsHead: whether the student's head starts as the teacher's.
    /// - Throws: `TrainingError.mismatch` for a head whose form cannot be taught; `BundleError.head` for texts that the head does
    ///   not read; `AdapterError.composition` for a teacher that takes
    ///   another number of texts
    package init(
        _ bundle: AdapterBundle, _ teacher: Predictor, on task: TaskData, texts: [Example],
        settings: DistillationSettings, startsHead: Bool
    ) throws {
        try settings.validate()
        guard teacher.head.head.form.teaches else {
            throw TrainingError.mismatch(
                "\(teacher.file): found a head that predicts \(teacher.form), expected classes, tags, numbers, label sets, choices "
                    + "or answers to questions, which a student can learn from; train on the task itself")
        }
        var task = task
        let examples = (task.train + texts).enumerated().map { id, example in
            var example = example
            example.id = id
            return example
        }
        try teacher.check(examples)
        try teacher.check(count: examples.count)
        try teacher.checkAnswers(of: examples + task.dev)
        let encoded = teacher.encoded(examples)
        let results = teacher.results(encoded)
        if case .numbers = teacher.head.head.output {
            task.train = examples.enumerated().map {
                Self.mixed($1, Array(results.row($0)), alpha: settings.alpha)
            }
            answers = nil
        } else {
            task.train = examples
            answers = (results, encoded.columns[0])
        }
        let metric = try Metrics.standard.metric(of: task.definition)
        dev = task.dev.isEmpty ? nil : teacher.evaluate(task.dev, metric: metric)
        self.task = task
        source = teacher.head
        temperature = settings.temperature
        let scope = teacher.head.scope + "/"
        tensors = Dictionary(
            uniqueKeysWithValues: bundle.tensors.filter { startsHead && $0.name.hasPrefix(scope) }.map {
                (String($0.name.dropFirst(scope.count)), $0)
            })
    }

    private static func mixed(_ example: Example, _ numbers: [Float], alpha: Double) -> Example {
        var example = example
        let own = example.numbers?.values
        example.payload = Numbers(
            values: numbers.enumerated().map { c, number in
                guard let target = own?[c] else { return Double(number) }
                return alpha * Double(number) + (1 - alpha) * target
            })
        return example
    }

    /// The student's head: of the teacher's kind, with its labels and scales.
    /// - Parameters:
    ///   - pooling, prefix: nil: the teacher's.
    func head(pooling: Pool.Kind?, prefix: String?, standard: Pool.Kind) -> NamedHead {
        var own = standard
        if case .pooled(let kind) = source.head.input { own = kind }
        var request = HeadRequest(
            labels: source.head.labels, pooling: pooling ?? own, textPrefix: prefix ?? source.head.textPrefix,
            numbers: source.head.numbers)
        if case .spans(let settings) = source.head.output {
            request.hasUnanswerable = settings.hasUnanswerable
            request.answers = AnswerSettings(
                docStride: settings.stride, nBestSize: settings.count, maxAnswerLength: settings.longest)
        }
        let definition = task.definition
        var head = NamedHead(
            Session.safeName(definition.name), type(of: source.head).init(request),
            task: HeadTask(name: definition.name, kind: definition.kind))
        head.pairs = source.pairs
        return head
    }

    /// The head's tensors with the teacher's values, where it has some of their shape.
    func start(_ specs: [ParameterSpec], scope: String) -> [ParameterSpec] {
        specs.map { spec in
            guard spec.name.hasPrefix(scope + "/"),
                let tensor = tensors[String(spec.name.dropFirst(scope.count + 1))], tensor.shape == spec.shape
            else { return spec }
            var started = spec
            started.initializer = .values(tensor.values)
            return started
        }
    }

    /// Gives the student's training texts what the teacher says of them.
    /// - Throws: `TrainingError.mismatch` if the student reads them in another way
    func teach(_ examples: inout EncodedExamples) throws {
        guard let (results, column) = answers,
            let rows = try source.head.form.lesson(
                results, of: column, for: examples.columns[0], temperature: temperature)
        else { return }
        examples.teach(rows, width: results.width)
    }
}
