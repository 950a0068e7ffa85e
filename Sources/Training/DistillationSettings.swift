import Files

/// How a student learns from a teacher: see `TeacherTerm`; numbers are learned by the squared error to a mix of the
/// teacher's and the data's.
package struct DistillationSettings: Equatable, Sendable {
    /// T, over 0: how flat the distributions are that the student is compared with; numbers have none.
    package var temperature: Double
    /// The teacher's share in the loss, in 0...1; the rest is that of the data's own answers.
    package var alpha: Double
    /// Digest of the teacher's content, for provenance and checkpoints.
    package var teacher: String

    package init(temperature: Double = 2, alpha: Double = 0.9, teacher: String = "") {
        self.temperature = temperature
        self.alpha = alpha
        self.teacher = teacher
    }

    /// - Throws: `TrainingError.setting`
    func validate() throws(TrainingError) {
        guard temperature >= 0.1, temperature <= 100 else {
            throw .setting(name: "--temperature", found: "\(temperature)", expected: "0.1 to 100")
        }
        guard (0...1).contains(alpha) else {
            throw .setting(name: "--alpha", found: "\(alpha)", expected: "a share in 0...1")
        }
    }

    /// As settings in provenance have it.
    var fields: [String: ConfigurationValue] {
        ["temperature": .number(temperature), "alpha": .number(alpha), "teacher": .string(teacher)]
    }
}
