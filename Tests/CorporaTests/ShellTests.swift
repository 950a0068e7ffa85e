import Foundation
import Testing

@testable import Corpora

@Suite struct ShellTests {
    private let sh = URL(fileURLWithPath: "/bin/sh")

    @Test(.timeLimit(.minutes(1))) func muchOutputOnBothPipesDoesNotHang() throws {
        let script = """
            i=0; while [ $i -lt 40 ]; do head -c 100000 /dev/zero; head -c 100000 /dev/zero >&2; i=$((i+1)); done; exit 3
            """
        let result = try Shell.run(sh, ["-c", script], environment: ["PATH": "/usr/bin:/bin"])
        #expect(result.status == 3)
        #expect(result.output.count == 4_000_000)
        #expect(result.errors.count == 4_000_000)
    }

    @Test(.timeLimit(.minutes(1))) func tooMuchOutputIsStopped() {
        #expect(throws: CorporaError.tooLarge(path: "sh", limit: 1_000)) {
            try Shell.run(sh, ["-c", "exec cat /dev/zero"], environment: ["PATH": "/usr/bin:/bin"], limit: 1_000)
        }
    }

    @Test func argumentsEnvironmentAndSignals() throws {
        let told = try Shell.run(
            sh, ["-c", "printf '%s|%s' \"$1\" \"$A\"; cat", "x", "a b;$c"], environment: ["A": "1"])
        #expect(String(decoding: told.output, as: UTF8.self) == "a b;$c|1")
        #expect(try Shell.run(sh, ["-c", "kill -9 $$"], environment: [:]).status == 137)
        #expect(throws: CorporaError.self) {
            try Shell.run(URL(fileURLWithPath: "/no/such"), [], environment: [:])
        }
        #expect(Shell.find("sh", environment: ["PATH": "/nowhere:/bin"])?.path == "/bin/sh")
        #expect(Shell.find("no-such-tool", environment: [:]) == nil)
        #expect(Shell.find("/", environment: [:]) == nil)
    }
}
