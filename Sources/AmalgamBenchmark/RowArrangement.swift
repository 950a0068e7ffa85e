import Adapters
import Bundles
import Models
import Numerics
import Training

/// What a row runs.
enum RowName: String, CaseIterable {
    case adapterTrain = "adapter_train"
    case adapterTrainMean = "adapter_train_mean"
    case taggingTrain = "tagging_train"
    case qaTrain = "qa_train"
    case fusionTrain = "fusion8_train"
    case loraTrain = "lora_train"
    case prefixTrain = "prefix_train"
    case full = "full_finetune"
    case multitask = "multitask_train"
    case inferAdapter = "infer_adapter"
    case inferFusion = "infer_fusion8"

    var trains: Bool { self != .inferAdapter && self != .inferFusion }
    /// Weights in bfloat16 are frozen ones.
    var hasBFloat16: Bool { self != .full }
    var target: RowTarget {
        switch self {
        case .adapterTrainMean: .labels(.mean)
        case .taggingTrain: .tags
        case .qaTrain: .spans
        default: .labels(.first)
        }
    }

    /// What stands on the model, at the start bundle's numbers where one is given.
    /// - Parameters:
    ///   - outputs: width of each task's head.
    ///   - adapters: what a fusion fuses; empty: the adapters of `start`.
    func arrangement(model: EncoderModel, outputs: [Int], start: AdapterBundle?, adapters: [AdapterBundle]) throws
        -> Arrangement
    {
        let heads = target.heads(self == .multitask ? outputs : Array(outputs.prefix(1)))
        let recipe: Recipe
        switch self {
        case .full: recipe = .full
        case .fusionTrain, .inferFusion:
            let fused = adapters.isEmpty ? start.map { [$0] } ?? [] : adapters
            guard !fused.isEmpty else {
                throw BenchmarkError.option(name: "--adapters, --start", found: "neither", expected: "what to fuse")
            }
            recipe = try .fusion(fused, .dynamic)
        case .adapterTrain, .adapterTrainMean, .taggingTrain, .qaTrain, .multitask, .inferAdapter:
            recipe = .adapter(try .resolve("seq_bn"), from: nil)
        case .loraTrain: recipe = .adapter(try .resolve("lora"), from: nil)
        case .prefixTrain: recipe = .adapter(try .resolve("prefix_tuning_flat"), from: nil)
        }
        var arrangement = try recipe.arrangement(model: model, heads: heads, name: "shared")
        var known: [String: NamedTensor] = [:]
        for tensor in start?.tensors ?? [] { known[tensor.name] = tensor }
        arrangement.trainable = try arrangement.trainable.map { spec in
            guard start != nil, !spec.name.hasPrefix("base/") else { return spec }
            guard let tensor = known[spec.name], tensor.shape == spec.shape else {
                throw BenchmarkError.option(
                    name: "--start", found: "no \(spec.name) of shape \(spec.shape)", expected: "this row's bundle")
            }
            return ParameterSpec(spec.name, spec.shape, .values(tensor.values))
        }
        if !trains {  // frozen, as evaluation and prediction have them
            let buffer = try ParameterBuffer(arrangement.trainable, seed: 1)
            withExtendedLifetime(buffer) {  // parameters point into it and do not keep it alive
                for parameter in buffer.parameters {
                    arrangement.frozen[parameter.name] = Weight(parameter.array, shape: parameter.shape)
                }
            }
            arrangement.trainable = []
        }
        return arrangement
    }
}
