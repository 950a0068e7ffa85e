// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "StreamingJob",
    platforms: [.macOS(.v14)],
    dependencies: [.package(name: "amalgam", path: "../..")],
    targets: [.executableTarget(name: "StreamingJob", dependencies: [.product(name: "Amalgam", package: "amalgam")])]
)
