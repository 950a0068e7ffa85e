// swift-tools-version: 6.0
import PackageDescription

// Targets look only down this list: what stands lower imports nothing that stands higher (CONTRIBUTING.md has the map).
let package = Package(
    name: "amalgam",
    platforms: [.macOS(.v14)],
    products: [
        .library(name: "Amalgam", targets: ["Amalgam"]),
        .executable(name: "amalgam", targets: ["AmalgamCommand"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "3.12.3"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/swiftcsv/SwiftCSV", from: "0.10.0"),
    ],
    targets: [
        // C: loops over elements, the BLAS loader, HDF5
        .target(name: "CKernels"),
        .target(name: "COpenBLAS"),
        .systemLibrary(
            name: "CHDF5", pkgConfig: "hdf5",
            providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),

        .target(name: "Numerics", dependencies: ["CKernels", "COpenBLAS"]),
        .target(
            name: "Files", dependencies: ["CHDF5", .product(name: "Crypto", package: "swift-crypto")]),
        .target(name: "Text"),
        .target(name: "Models", dependencies: ["Files", "Numerics"]),
        .target(name: "Adapters", dependencies: ["Models", "Yams"]),
        .target(name: "Bundles", dependencies: ["Adapters", "Files"]),
        .target(name: "Tasks", dependencies: ["Text", "SwiftCSV", "Yams"]),
        .target(name: "Corpora", dependencies: ["Tasks", "Files"]),
        .target(name: "Training", dependencies: ["Bundles", "Tasks", "Text"]),
        .target(name: "Reporting"),
        .target(name: "Ablation", dependencies: ["Training", "Reporting"]),
        .target(name: "Amalgam", dependencies: ["Ablation", "Corpora", "Training"]),
        .executableTarget(
            name: "AmalgamCommand",
            dependencies: [
                "Amalgam", "Ablation", "Corpora", "Training",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        .testTarget(name: "NumericsTests", dependencies: ["Numerics"]),
        .testTarget(name: "FilesTests", dependencies: ["Files"]),
        .testTarget(name: "TextTests", dependencies: ["Text"]),
        .testTarget(name: "ModelsTests", dependencies: ["Models"]),
        .testTarget(name: "AdaptersTests", dependencies: ["Adapters"]),
        .testTarget(name: "BundlesTests", dependencies: ["Bundles"]),
        .testTarget(name: "TasksTests", dependencies: ["Tasks"]),
        .testTarget(name: "CorporaTests", dependencies: ["Corpora"]),
        .testTarget(name: "TrainingTests", dependencies: ["Training"]),
        .testTarget(name: "ReportingTests", dependencies: ["Reporting"]),
        .testTarget(name: "AblationTests", dependencies: ["Ablation"]),
        .testTarget(name: "AmalgamTests", dependencies: ["Amalgam"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c11
)
