import ArgumentParser

struct AblateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ablate", abstract: "Compare.")
}
