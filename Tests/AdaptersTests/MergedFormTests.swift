import Testing

@testable import Adapters

/// Which adapters can be merged without training, and how.
@Suite struct MergedFormTests {
    @Test func presets() throws {
        for type in AdapterMethods.builtIn {
            #expect(type.trainingFields.isSubset(of: type.defaults.keys), "\(type.name)")
        }
        for (preset, form) in [
            ("lora", MergedForm.updates), ("lora_plus", .updates), ("seq_bn", .values), ("double_seq_bn", .values),
            ("par_bn", .values), ("ia3", .values), ("bitfit", .values), ("ln_tuning", .values),
            ("prefix_tuning_flat", .values), ("prompt_tuning", .values),
        ] {
            #expect(try AdapterConfiguration.resolve(preset).makeMethod().mergedForm() == form, "\(preset)")
        }
    }

    /// Bundles hold PiSSA as plain LoRA and prefixes as they act: in these forms they are merged, and in no other.
    @Test func savedForms() throws {
        for (preset, field, form) in [
            ("pissa", "init_lora_weights", MergedForm.updates), ("prefix_tuning", "flat", .values),
        ] {
            let configuration = try AdapterConfiguration.resolve(preset)
            #expect { try configuration.makeMethod().mergedForm() } throws: { ($0 as? MergeFault)?.field == field }
            #expect(try configuration.saved().makeMethod().mergedForm() == form)
        }
    }

    @Test(arguments: [("dora", "use_dora"), ("seq_bn_inv", "inv_adapter"), ("double_seq_bn_inv", "inv_adapter")])
    func refused(_ preset: String, _ field: String) throws {
        let method = try AdapterConfiguration.resolve(preset).makeMethod()
        #expect { try method.mergedForm() } throws: {
            let fault = $0 as? MergeFault
            return fault?.field == field && fault?.fix?.isEmpty == false
        }
    }
}
