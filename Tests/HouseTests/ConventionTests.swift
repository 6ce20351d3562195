import Testing

/// What no source may say without saying why.
@Suite struct ConventionTests {
    private func findings(_ pattern: some RegexComponent, excusable: Bool) -> [String] {
        var result: [String] = []
        for file in House.sources where !file.isGenerated && !ImportRule.testSupport.contains(file.target) {
            for (index, line) in file.code.enumerated() where line.firstMatch(of: pattern) != nil {
                if !excusable || !file.isExplained(index) { result.append("\(file.path):\(index + 1): \(line)") }
            }
        }
        return result
    }

    /// A text in `preconditionFailure("…")` is the reason itself.
    @Test func whatCanTrapSaysWhyItDoesNot() {
        #expect(findings(#/\b(try!|as!)|\b(fatalError|unsafeBitCast|unsafeDowncast)\(|\bpreconditionFailure\(\)/#, excusable: true) == [])
    }

    @Test func checksAreNotTurnedOffWithoutAReason() {
        #expect(findings(#/@unchecked Sendable|nonisolated\(unsafe\)|@preconcurrency/#, excusable: true) == [])
    }

    /// A name, a call or a subscript with `!` behind it, and types that unwrap themselves.
    @Test func nothingIsUnwrappedByForce() {
        #expect(findings(#/[\w\)\]\}"?>]!(?!=)/#, excusable: true) == [])
    }

    /// They wake the default executor's threads, which then tick once a second for ever: a node at rest would not be.
    @Test func nothingWakesTheDefaultPool() {
        let forms =
            #/\bTask\s*(<[^>]*>)?\s*\{|\bTask\s*\(\s*(priority|name)?\s*:?[^)]*\)\s*\{|\bTask\.(detached|sleep|yield)\b|DispatchQueue|makeFutureWithTask|withTaskGroup|\basync let\b/#
        let offending = findings(forms, excusable: false).filter { !$0.contains("Task(executorPreference:") }
        #expect(offending == [])
    }

    @Test func filesStaySmall() {
        for file in House.sources where !file.isGenerated {
            #expect(file.lines.count <= 360, "\(file.path) has \(file.lines.count) lines: split it by concern")
        }
    }

    @Test func nothingIsLeftToDo() {
        for file in House.sources where !file.isGenerated {
            #expect(!file.lines.contains { $0.firstMatch(of: #/\b(TODO|FIXME|XXX)\b/#) != nil }, "\(file.path)")
        }
    }
}
