// swift-tools-version: 6.0
import PackageDescription

// Targets look only down this list: what stands lower imports nothing that stands higher (CONTRIBUTING.md has the map).
// Each names all that it imports: the build only follows what is named, and a layout that changed two floors below would
// go unseen.
let package = Package(
    name: "amalgam",
    platforms: [.macOS(.v14)],
    products: [
        .library(name: "Amalgam", targets: ["Amalgam"]),
        .executable(name: "amalgam", targets: ["AmalgamCommand"]),
        .executable(name: "amalgam-benchmark", targets: ["AmalgamBenchmark"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "3.12.3"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/swiftcsv/SwiftCSV", from: "0.10.0"),
    ],
    targets: [
        // C: loops over elements, the BLAS loader, HDF5, zlib
        .target(name: "CKernels"),
        .target(name: "COpenBLAS"),
        .systemLibrary(
            name: "CHDF5", pkgConfig: "hdf5",
            providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),

        .target(name: "Numerics", dependencies: ["CKernels", "COpenBLAS"]),
        .target(
            name: "Files", dependencies: ["CHDF5", "CZlib", .product(name: "Crypto", package: "swift-crypto")]),
        .target(name: "Text", dependencies: ["Files"]),
        .target(name: "Models", dependencies: ["Files", "Numerics"]),
        .target(name: "Adapters", dependencies: ["Files", "Models", "Numerics", "Yams"]),
        .target(name: "Bundles", dependencies: ["Adapters", "Files", "Models", "Numerics"]),
        .target(name: "Tasks", dependencies: ["Files", "Text", "SwiftCSV", "Yams"]),
        .target(name: "Corpora", dependencies: ["Tasks", "Files"]),
        .target(
            name: "Training",
            dependencies: ["Adapters", "Bundles", "CKernels", "Files", "Models", "Numerics", "Tasks", "Text"]),
        .target(name: "Reporting", dependencies: ["Files"]),
        .target(
            name: "Ablation",
            dependencies: ["Adapters", "Bundles", "Files", "Models", "Reporting", "Tasks", "Training"]),
        .target(
            name: "Amalgam",
            dependencies: [
                "Ablation", "Adapters", "Bundles", "Corpora", "Files", "Models", "Numerics", "Reporting", "Tasks",
                "Text",
                "Training",
            ]),
        // Sees no more than every Swift program does
        .executableTarget(
            name: "AmalgamCommand",
            dependencies: ["Amalgam", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
        .executableTarget(
            name: "AmalgamBenchmark",
            dependencies: [
                "Ablation", "Adapters", "Bundles", "CKernels", "Corpora", "Models", "Numerics", "Tasks", "Training",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // The sources of the packages under Examples, which the tests run: here they compile with everything else
        .executableTarget(
            name: "ExampleTrainAndPredict", dependencies: ["Amalgam"],
            path: "Examples/TrainAndPredict/Sources/TrainAndPredict"),
        .executableTarget(
            name: "ExampleFuseAndCompare", dependencies: ["Amalgam"],
            path: "Examples/FuseAndCompare/Sources/FuseAndCompare"),
        .executableTarget(
            name: "ExampleStreamingJob", dependencies: ["Amalgam"],
            path: "Examples/StreamingJob/Sources/StreamingJob"),

        .testTarget(name: "NumericsTests", dependencies: ["CKernels", "Numerics"]),
        .testTarget(name: "FilesTests", dependencies: ["Files"]),
        .testTarget(name: "TextTests", dependencies: ["Files", "Text"]),
        .testTarget(name: "ModelsTests", dependencies: ["Files", "Models", "Numerics"]),
        .testTarget(name: "AdaptersTests", dependencies: ["Adapters", "Files", "Models", "Numerics"]),
        .testTarget(name: "BundlesTests", dependencies: ["Adapters", "Bundles", "Files", "Models", "Numerics"]),
        .testTarget(name: "TasksTests", dependencies: ["Files", "Tasks"]),
        .testTarget(name: "CorporaTests", dependencies: ["Corpora", "Files", "Tasks"]),
        .testTarget(
            name: "TrainingTests",
            dependencies: ["Adapters", "Bundles", "Files", "Models", "Numerics", "Tasks", "Text", "Training"]),
        .testTarget(name: "ReportingTests", dependencies: ["Reporting"]),
        .testTarget(
            name: "AblationTests",
            dependencies: ["Ablation", "Adapters", "Bundles", "Files", "Reporting", "Tasks", "Training"]),
        .testTarget(
            name: "AmalgamTests",
            dependencies: [
                "Adapters", "Amalgam", "Bundles", "Files", "Models", "Numerics", "Tasks", "Text", "Training",
            ]),
        // runs the built command
        .testTarget(name: "CommandTests", dependencies: ["Files"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c11
)

// The coverage-guided fuzzer, built by Tests/fuzz alone: it links libFuzzer, and nothing else needs that.
if Context.environment["AMALGAM_FUZZ"] != nil {
    package.targets += [
        .target(name: "CFuzz", path: "Tests/Fuzzing/CFuzz"),
        .executableTarget(
            name: "AmalgamFuzz",
            dependencies: [
                "Adapters", "Bundles", "CFuzz", "Corpora", "Files", "Models", "Numerics", "Tasks", "Text",
            ],
            path: "Tests/Fuzzing/AmalgamFuzz"),
    ]
}
