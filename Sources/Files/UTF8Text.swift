/// Text from a file's bytes; nil if they are not valid UTF-8.
package func validText(_ bytes: some Collection<UInt8>) -> String? {
    // Decoding repairs what is invalid, which changes its bytes. (String(validating:as:) needs macOS 15.)
    let text = String(decoding: bytes, as: UTF8.self)
    return text.utf8.elementsEqual(bytes) ? text : nil
}
