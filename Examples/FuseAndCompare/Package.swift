// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "FuseAndCompare",
    platforms: [.macOS(.v14)],
    dependencies: [.package(name: "amalgam", path: "../..")],
    targets: [.executableTarget(name: "FuseAndCompare", dependencies: [.product(name: "Amalgam", package: "amalgam")])]
)
