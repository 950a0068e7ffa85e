import Reporting

extension TrainingEstimate {
    /// The estimate by names, for JSON: bytes and operations as numbers, seconds, and the setup.
    public var values: [String: SettingValue] {
        [
            "method": .string(setup.method.rawValue), "zero": .number(Double(setup.zero)),
            "ranks": .number(Double(setup.ranks)), "batch": .number(Double(setup.batch)),
            "length": .number(Double(setup.length)), "recomputes": .bool(setup.recomputes),
            "tokens": .number(setup.tokens), "flops": .number(setup.flops),
            "utilization": .number(setup.utilization), "parameters": .number(Double(parameters)),
            "trainable_parameters": .number(Double(trainable)),
            "bytes_per_rank": .map([
                "weights": .number(bytes.weights.rounded()), "gradients": .number(bytes.gradients.rounded()),
                "optimizer": .number(bytes.optimizer.rounded()), "activations": .number(bytes.activations.rounded()),
                "total": .number(bytes.total.rounded()),
            ]),
            "flops_per_token": .number(flopsPerToken), "sent_bytes_per_step": .number(sentPerStep.rounded()),
            "seconds": .number(seconds.rounded()),
        ]
    }

    /// The estimate as a report.
    public var report: Report { Report(EstimateReport(estimate: self)) }
}

/// The estimate as a page.
private struct EstimateReport: PageReport {
    let estimate: TrainingEstimate

    func encode(to encoder: any Encoder) throws { try SettingValue.map(estimate.values).encode(to: encoder) }

    private var title: String {
        let setup = estimate.setup
        let devices = Human.count(setup.ranks, "rank")
        return "\(setup.method.rawValue), ZeRO stage \(setup.zero), \(devices)"
    }

    func page() -> ReportPage {
        ReportPage(
            title: "Estimate: \(title)",
            sections: [.init("Memory and time", [.table(table, caption: "")] + notes.map { .note($0) })])
    }

    func text(on terminal: Terminal) -> String {
        "\(title)\n" + table.text(.columns, on: terminal) + "\n" + notes.map { "\($0)\n" }.joined()
    }

    private var table: TextTable {
        var table = TextTable([.init("of one rank"), .init("", .trailing)])
        let bytes = estimate.bytes
        for (name, value) in [
            ("weights", bytes.weights), ("gradients", bytes.gradients), ("optimizer's states", bytes.optimizer),
            ("activations", bytes.activations), ("in all", bytes.total), ("sent in a step", estimate.sentPerStep),
        ] {
            table.append([.init(name), .init(Human.bytes(Int(value)))])
        }
        return table
    }

    private var notes: [String] {
        let setup = estimate.setup
        let share = Human.percent(setup.utilization)
        return [
            "\(Human.count(estimate.parameters)) parameters, \(Human.count(estimate.trainable)) learn. A rank's batch: "
                + "\(Human.count(setup.batch, "sequence")) of \(Human.count(setup.length)) tokens"
                + (setup.recomputes ? "; layers are computed again for the backward pass." : "."),
            "\(Human.count(Int(setup.tokens))) tokens take \(Human.duration(estimate.seconds)) at \(share) of "
                + "\(Human.count(Int(setup.flops / 1e12))) TFLOP/s a rank, where communication hides behind computation.",
            "Adam in mixed precision: 16 bytes for a parameter that learns. Buffers for communication and the allocator's "
                + "losses come on top.",
        ]
    }
}
