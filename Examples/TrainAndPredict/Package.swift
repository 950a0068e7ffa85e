// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "TrainAndPredict",
    platforms: [.macOS(.v14)],
    dependencies: [.package(name: "amalgam", path: "../..")],
    targets: [.executableTarget(name: "TrainAndPredict", dependencies: [.product(name: "Amalgam", package: "amalgam")])]
)
