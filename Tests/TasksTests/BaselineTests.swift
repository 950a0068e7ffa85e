import Foundation
import Testing

@testable import Tasks

struct TFIDFParityTests {
    struct File: Decodable {
        struct Text: Decodable {
            var text: String
            var label: Int
        }
        struct Case: Decodable {
            var name: String
            var classes: Int
            var inverseStrength: Double
            var sublinear: Bool
            var ngrams: [Int]
            var minimumTexts: Int
            var lowercase: Bool
            var train: [Text]
            var test: [String]
            var columns: Int
            var rows: [[String: Double]]
            var probabilities: [[Double]]
        }
        var cases: [Case]
    }

    private func vectorizer(_ one: File.Case) -> TFIDFVectorizer {
        var options = TFIDFVectorizer.Options()
        options.sublinear = one.sublinear
        options.ngrams = one.ngrams[0]...one.ngrams[1]
        options.minimumTexts = one.minimumTexts
        options.lowercase = one.lowercase
        return TFIDFVectorizer(fitting: one.train.map(\.text), options: options)
    }

    @Test func weightsEqualScikitLearns() throws {
        for one in try golden("tfidf", as: File.self).cases {
            let vectorizer = vectorizer(one)
            #expect(vectorizer.columns == one.columns, "\(one.name)")
            let found = vectorizer.transform(Array(one.test.prefix(one.rows.count)))
            for (row, expected) in one.rows.enumerated() {
                let range = found.starts[row]..<found.starts[row + 1]
                #expect(range.count == expected.count, "\(one.name), row \(row)")
                let values = Dictionary(
                    uniqueKeysWithValues: zip(found.indices[range].map { Int($0) }, found.values[range]))
                for (term, value) in expected {
                    let mine = vectorizer.column(of: term).flatMap { values[$0] } ?? 0
                    #expect(abs(mine - value) < 1e-9, "\(one.name), row \(row), '\(term)': \(mine), not \(value)")
                }
            }
        }
    }

    @Test func probabilitiesEqualScikitLearns() throws {
        for one in try golden("tfidf", as: File.self).cases {
            let vectorizer = vectorizer(one)
            var options = LogisticRegression.Options()
            options.inverseStrength = one.inverseStrength
            let model = LogisticRegression(
                fitting: vectorizer.transform(one.train.map(\.text)), one.train.map(\.label), classes: one.classes,
                options: options)
            #expect(model.converged, "\(one.name)")
            let found = model.probabilities(vectorizer.transform(one.test))
            let expected = one.probabilities.flatMap { $0 }
            #expect(found.count == expected.count)
            let worst = zip(found, expected).map { abs($0 - $1) }.enumerated().max { $0.element < $1.element }
            // The bound is 1e-4; the solver's tolerance keeps well below it.
            #expect(
                (worst?.element ?? 1) < 2e-5,
                "\(one.name): off by \(worst?.element ?? 1) at \(worst?.offset ?? -1), \(model.iterations) iterations")
        }
    }

    @Test func greekAndTurkishAreLoweredAsInPython() {
        func words(_ text: String) -> [String] {
            WordTokens.words(in: text, lowercase: true).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(words("ΟΔΥΣΣΕΥΣ ΣΑΣ, A-B x") == ["οδυσσευς", "σας"])
        // Lower-cased, the dotted I is an i and a mark, and the mark is no letter.
        #expect(words("İİ İstanbul") == ["stanbul"])
        #expect(words("don't x_1 3.14 ½½") == ["don", "x_1", "14", "½½"])
    }
}

struct BaselinePropertyTests {
    /// Synthetic texts: words drawn by rank, with a lean to the class.
    private func examples(_ count: Int, classes: Int, vocabulary: Int, length: Int, seed: UInt64) -> [Example] {
        var dice = Dice(seed)
        return (0..<count).map { id in
            let label = Int.random(in: 0..<classes, using: &dice)
            let words = (0..<length).map { _ in
                let rank = Int(pow(Double(vocabulary), Double.random(in: 0..<1, using: &dice))) - 1
                let own = Int.random(in: 0..<5, using: &dice) == 0
                return own ? "c\(label)w\(rank % 97)" : "w\(rank)"
            }
            return Example(id: id, text: words.joined(separator: " "), label: label)
        }
    }

    /// The objective's gradient, from its definition, vanishes at what the solver returns.
    @Test(arguments: [2, 3, 7])
    func gradientVanishes(classes: Int) {
        let train = examples(80, classes: classes, vocabulary: 200, length: 12, seed: 3)
        let vectorizer = TFIDFVectorizer(fitting: train.map(\.text))
        let x = vectorizer.transform(train.map(\.text))
        let y = train.compactMap(\.label)
        var options = LogisticRegression.Options()
        options.inverseStrength = 5
        let model = LogisticRegression(fitting: x, y, classes: classes, options: options)
        #expect(model.converged)
        let p = model.probabilities(x)
        let width = classes == 2 ? 1 : classes
        var gradient = model.weights
        var intercepts = [Double](repeating: 0, count: width)
        for row in 0..<x.rows {
            for c in 0..<width {
                let k = classes == 2 ? 1 : c
                let residual = 5 * (p[row * classes + k] - (y[row] == k ? 1 : 0))
                intercepts[c] += residual
                for i in x.starts[row]..<x.starts[row + 1] {
                    gradient[Int(x.indices[i]) * width + c] += residual * x.values[i]
                }
            }
        }
        let length = (gradient + intercepts).reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(length < 2e-4, "\(classes) classes: \(length)")
        for row in 0..<x.rows {
            #expect(abs(p[(row * classes)..<((row + 1) * classes)].reduce(0, +) - 1) < 1e-12)
        }
    }

    @Test func everyRunGivesTheSameBits() {
        let train = examples(120, classes: 4, vocabulary: 300, length: 15, seed: 5)
        let dev = examples(40, classes: 4, vocabulary: 300, length: 15, seed: 6)
        let a = TFIDFLogisticRegression(train: train, dev: dev, classes: 4)
        let b = TFIDFLogisticRegression(train: train, dev: dev, classes: 4)
        #expect(a?.probabilities(dev) == b?.probabilities(dev))
        #expect((3...6).contains(a?.devScores.count ?? 0))
        #expect(a.map { model in model.devScores.contains { $0.inverseStrength == model.inverseStrength } } == true)
    }

    @Test func aWarmStartEndsWhereAColdOneDoes() {
        let train = examples(100, classes: 3, vocabulary: 200, length: 10, seed: 8)
        let vectorizer = TFIDFVectorizer(fitting: train.map(\.text))
        let x = vectorizer.transform(train.map(\.text))
        let y = train.compactMap(\.label)
        func fit(_ strength: Double, _ start: LogisticRegression?) -> LogisticRegression {
            var options = LogisticRegression.Options()
            options.inverseStrength = strength
            return LogisticRegression(fitting: x, y, classes: 3, options: options, startingFrom: start)
        }
        let cold = fit(30, nil)
        let warm = fit(30, fit(1, nil))
        let worst = zip(cold.probabilities(x), warm.probabilities(x)).map { abs($0 - $1) }.max() ?? 1
        #expect(worst < 1e-4, "\(worst)")
    }

    @Test func oddInputsAreFine() {
        let one = [Example(id: 0, text: "ab cd", label: 1), Example(id: 1, text: "", label: 1)]
        let single = TFIDFLogisticRegression(train: one, dev: [], classes: 3)
        #expect(single?.predict([Example(id: 0, text: "zz")]) == [1])
        #expect(single?.probabilities([Example(id: 0, text: "")]) == [0, 1, 0])
        let empty = [Example(id: 0, text: "", label: 0), Example(id: 1, text: "x", label: 1)]
        let blank = TFIDFLogisticRegression(train: empty, dev: empty, classes: 2)
        #expect(blank?.predict(empty) == [0, 0])
        #expect(TFIDFLogisticRegression(train: [Example(id: 0, text: "a")], dev: [], classes: 2) == nil)
        let pair = TFIDFLogisticRegression(
            train: [
                Example(id: 0, text: "q", pair: "yes yes", label: 1), Example(id: 1, text: "q", pair: "no", label: 0),
            ],
            dev: [], classes: 2)
        #expect(pair?.predict([Example(id: 0, text: "", pair: "yes")]) == [1])
    }

    @Test func majorityIsTheMostFrequent() {
        let train =
            [2, 1, 1, 2, 0].enumerated().map { Example(id: $0, text: "", label: $1) } + [Example(id: 5, text: "")]
        let majority = MajorityClass(fitting: train, classes: 4)
        #expect(majority.predict(train) == [1, 1, 1, 1, 1, 1])
        #expect(majority.shares == [0.2, 0.4, 0.4, 0])
        #expect(MajorityClass(fitting: [], classes: 2).label == 0)
    }

    /// 5,000 texts, 20 classes, some 190,000 terms: seconds in release on a free core. The limit is for a shared one.
    @Test(.timeLimit(.minutes(3)))
    func fiveThousandTextsTakeSeconds() throws {
        let train = examples(5000, classes: 20, vocabulary: 40_000, length: 40, seed: 1)
        let dev = examples(500, classes: 20, vocabulary: 40_000, length: 40, seed: 2)
        let model = try #require(TFIDFLogisticRegression(train: train, dev: dev, classes: 20))
        #expect(model.vectorizer.columns > 90_000, "\(model.vectorizer.columns)")
        #expect(model.model.converged)
        let score = Accuracy.value(
            of: ClassAnswers(predicted: model.predict(dev), gold: dev.compactMap(\.label), classes: 20))
        #expect(score > 0.9, "\(score)")
    }
}
