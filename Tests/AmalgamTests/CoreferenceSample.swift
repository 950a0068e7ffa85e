import Amalgam

/// Short documents of our own writing, a line each; `|` ends a sentence, and `[1 the lamp ]` is a mention of cluster 1.
enum CoreferenceSample {
    static let text = """
        [1 Ada ] bought [2 an old lamp ] at the market . | [1 She ] cleaned [2 it ] at home . | [2 The lamp ] still worked .
        [1 The baker ] opened [1 his ] shop at six . | By noon [1 he ] had sold every loaf .
        [1 Tom ] called [2 Nina ] twice . | [2 She ] did not answer [1 him ] .
        [1 The council ] closed [2 the bridge ] on Monday . | [1 It ] will open [2 it ] again in May .
        [1 My sister ] has [2 a dog ] . | [2 The dog ] follows [1 her ] to school .
        Rain fell all night . | In the morning the river was high .
        [1 Paul ] lost [2 [1 his ] keys ] . | [1 He ] found [2 them ] under [3 the sofa ] . | [3 The sofa ] was full of dust .
        [1 Ruth and Omar ] moved to Lyon . | [1 They ] like [2 the city ] because [2 it ] is quiet .
        [1 The pilot ] waited for [2 the mechanic ] . | When [2 she ] came , [1 he ] was asleep .
        [1 Vera ] wrote [2 a letter ] to [3 [1 her ] uncle ] . | [3 He ] never got [2 it ] .
        [1 The old clock ] stopped on Friday . | Nobody could repair [1 it ] .
        [1 Finn ] asked [2 the teacher ] a question . | [2 The teacher ] smiled at [1 him ] . | [1 Finn ] sat down .
        [1 The museum ] bought [2 a painting ] . | Visitors like [2 the painting ] , but [1 the museum ] hides [2 it ] .
        [1 Lena ] plays chess with [2 [1 her ] father ] . | [2 He ] always loses to [1 her ] .
        The shop sells bread , milk and cheese .
        [1 The farmers ] sold [2 [1 their ] apples ] . | [2 They ] were sweet this year .
        [1 Karl ] broke [2 [1 his ] arm ] . | The doctor looked at [2 it ] and sent [1 him ] home .
        [1 Ida ] planted [2 a tree ] in the garden . | Ten years later [2 the tree ] was taller than [1 she ] was .
        [1 The company ] fired [2 [1 its ] director ] . | [2 She ] had worked for [1 the company ] since 1998 .
        [1 Luis ] sings in [2 a choir ] . | [2 The choir ] meets on Sundays , and [1 he ] never misses [2 it ] .
        [1 The cat ] slept on [2 the roof ] . | Snow fell on [2 it ] , but [1 the cat ] did not move .
        [1 Mara ] met [2 Ben ] in Rome . | [2 Ben ] showed [1 her ] [3 the old town ] . | [1 She ] loved [3 it ] .
        We took the train at nine and were home by ten .
        [1 The children ] built [2 a boat ] . | [2 It ] sank at once , and [1 they ] laughed .
        [1 Nina ] bought [2 a bicycle ] . | [1 She ] rides [2 it ] every day .
        [1 The mayor ] praised [2 the firemen ] . | [2 They ] had saved [1 his ] house .
        [1 Omar ] painted [2 the fence ] . | [2 The fence ] is green now .
        [1 Ruth ] saw [2 Karl ] at the station . | [2 He ] did not see [1 her ] .
        [1 The river ] is deep . | No one swims in [1 it ] .
        [1 Tom ] gave [2 [1 his ] sister ] [3 a map ] . | [2 She ] lost [3 it ] .
        [1 Vera ] owns [2 a boat ] . | [1 She ] keeps [2 it ] in the harbor .
        [1 The doctor ] called [2 Paul ] . | [2 He ] thanked [1 her ] .
        [1 Ben ] sold [2 the garden ] . | [1 He ] misses [2 it ] .
        [1 The teachers ] wrote [2 a book ] . | [2 The book ] made [1 them ] famous .
        The bridge is new , and the road is old .
        [1 Lena ] found [2 a letter ] . | [2 It ] was not for [1 her ] .
        """

    static let documents = text.split(separator: "\n").map(document)

    private static func document(_ line: Substring) -> CoreferenceExample {
        var sentences: [[String]] = [[]]
        var open: [(cluster: String, first: Int)] = []
        var clusters: [String: [WordMention]] = [:]
        var place = 0
        for part in line.split(separator: " ") {
            if part == "|" {
                sentences.append([])
            } else if part.hasPrefix("[") {
                open.append((String(part.dropFirst()), place))
            } else if part == "]" {
                let own = open.removeLast()
                clusters[own.cluster, default: []].append(WordMention(own.first, place - 1))
            } else {
                sentences[sentences.count - 1].append(String(part))
                place += 1
            }
        }
        return CoreferenceExample(sentences, clusters: clusters.sorted { $0.key < $1.key }.map(\.value))
    }
}
