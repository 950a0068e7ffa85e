/// A task as the training loop sees it: what it is trained for, and its encoded splits.
package struct TrainingTask {
    package let name: String
    package let objective: any Objective
    package var train: EncodedExamples
    package let dev: EncodedExamples

    package init(name: String, objective: any Objective, train: EncodedExamples, dev: EncodedExamples) {
        self.name = name
        self.objective = objective
        self.train = train
        self.dev = dev
    }
}
