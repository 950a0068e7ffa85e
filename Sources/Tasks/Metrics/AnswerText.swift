/// Answers as SQuAD's evaluation scripts compare them (Rajpurkar et al. 2016 and 2018).
///
/// Only English articles count as articles, and words are what stands between white space. So an answer in a language that
/// is written without spaces, such as Chinese or Japanese, is one word, as it is for the scripts.
enum AnswerText {
    /// The words of an answer: lower case, without ASCII punctuation and without the words a, an and the.
    static func words(_ text: String) -> [[Unicode.Scalar]] {
        var words: [[Unicode.Scalar]] = []
        var word: [Unicode.Scalar] = []
        // A run of letters and digits; articles are whole runs
        var run: [Unicode.Scalar] = []

        func endRun() {
            if articles.contains(run) { endWord() } else { word += run }
            run.removeAll(keepingCapacity: true)
        }
        func endWord() {
            if !word.isEmpty { words.append(word) }
            word.removeAll(keepingCapacity: true)
        }

        for scalar in PythonText.lowercased(text) where !PythonText.isPunctuation(scalar) {
            if PythonText.isWord(scalar) {
                run.append(scalar)
                continue
            }
            endRun()
            if PythonText.isSpace(scalar) { endWord() } else { word.append(scalar) }
        }
        endRun()
        endWord()
        return words
    }

    private static let articles: Set<[Unicode.Scalar]> = [["a"], ["a", "n"], ["t", "h", "e"]]

    /// Whether two answers have the same words in the same order.
    static func isExact(_ predicted: [[Unicode.Scalar]], _ gold: [[Unicode.Scalar]]) -> Bool { predicted == gold }

    /// 2 p r / (p + r) over the words that two answers share, each as often as in both.
    /// - Parameter emptyMatches: whether two answers without words are equal (SQuAD 2.0); otherwise their score is 0 (1.1)
    static func f1(_ predicted: [[Unicode.Scalar]], _ gold: [[Unicode.Scalar]], emptyMatches: Bool) -> Double {
        if emptyMatches, predicted.isEmpty || gold.isEmpty { return predicted.isEmpty && gold.isEmpty ? 1 : 0 }
        var left: [[Unicode.Scalar]: Int] = [:]
        for word in gold { left[word, default: 0] += 1 }
        var shared = 0
        for word in predicted {
            guard let count = left[word], count > 0 else { continue }
            left[word] = count - 1
            shared += 1
        }
        guard shared > 0 else { return 0 }
        let precision = Double(shared) / Double(predicted.count)
        let recall = Double(shared) / Double(gold.count)
        return 2 * precision * recall / (precision + recall)
    }
}
