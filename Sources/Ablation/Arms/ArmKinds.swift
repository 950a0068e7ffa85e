import Files

/// The kinds of arms that there are, in the order of reports.
package enum ArmKinds {
    package static let all: [any ArmKind.Type] = [
        MajorityArm.self, ClassicArm.self, ProbeArm.self, HeadArm.self, BitFitArm.self, LoRAArm.self, AdapterArm.self,
        FusionArm.self, WideAdapterArm.self, AutoArm.self, MultitaskAdapterArm.self, MultitaskThenSingleArm.self,
        FullArm.self, MultitaskFullArm.self,
    ]

    package static func named(_ name: String) -> (any ArmKind.Type)? { all.first { $0.name == name } }

    package static var names: [String] { all.map { $0.name } }
}
