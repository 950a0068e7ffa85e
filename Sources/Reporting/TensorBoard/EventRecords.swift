import Foundation

/// Events as TensorBoard reads them: records of a TFRecord file, each an `Event` message with its length and checksums.
///
/// (`tensorboard/compat/proto/event.proto`, `summary.proto` and `tensor.proto`; the file begins with the version of its format.)
package enum EventRecords {
    /// The first record of a file.
    /// - Parameter time: seconds since 1970, as in all records.
    package static func version(time: Double) -> Data {
        record(time: time, step: 0) { $0.add(3, "brain.Event:2") }
    }

    /// Values of one step.
    package static func scalars(_ values: [(tag: String, value: Double)], step: Int, time: Double) -> Data {
        record(time: time, step: step) { event in
            event.add(5) { summary in
                for (tag, value) in values {
                    summary.add(1) {
                        $0.add(1, tag)
                        $0.add(2, Float(value))
                    }
                }
            }
        }
    }

    /// A text, which TensorBoard shows as Markdown.
    package static func text(_ text: String, tag: String, step: Int = 0, time: Double) -> Data {
        record(time: time, step: step) { event in
            event.add(5) { summary in
                summary.add(1) { value in
                    value.add(1, tag)
                    value.add(8) { tensor in
                        // A vector of one string
                        tensor.add(1, 7)
                        tensor.add(2) { shape in shape.add(2) { $0.add(1, 1) } }
                        tensor.add(8, text)
                    }
                    value.add(9) { metadata in metadata.add(1) { $0.add(1, "text") } }
                }
            }
        }
    }

    /// A run goes on: what an earlier file has of this step and later ones is void.
    package static func restart(step: Int, time: Double) -> Data {
        record(time: time, step: step) { event in event.add(7) { $0.add(1, 1) } }
    }

    private static func record(time: Double, step: Int, _ fill: (inout ProtobufMessage) -> Void) -> Data {
        var event = ProtobufMessage()
        event.add(1, time)
        if step != 0 { event.add(2, step) }
        fill(&event)
        let length = UInt64(event.bytes.count).littleEndianBytes
        return Data(
            length + CRC32C.masked(length).littleEndianBytes + event.bytes
                + CRC32C.masked(event.bytes).littleEndianBytes)
    }

    /// The name of a run's file. TensorBoard takes files with `tfevents` in their names.
    package static func fileName(started: Int) -> String { "events.out.tfevents.\(started)\(ending)" }

    /// Ends the names of files that were written here.
    static let ending = ".amalgam"
}

/// What values are called in event files.
package enum EventTag {
    package static let loss = "train/loss"
    package static let rate = "train/learning_rate"
    package static let speed = "train/tokens_per_second"

    package static func dev(_ task: String, _ metric: String) -> String { "dev/\(task)/\(metric)" }
}
