import Testing

@testable import HostProcess

@Suite struct ServiceUserTests {
    private let accounts = """
        root:x:0:0:root:/root:/bin/bash
        broken line
        weft:x:997:996:Weft:/nonexistent:/usr/sbin/nologin
        4711:x:5:6::/:
        """

    @Test func accountsAreFoundByNameAndNumber() {
        #expect(ServiceUser.find("weft", in: accounts) == ServiceUser(id: 997, group: 996))
        #expect(ServiceUser.find("997", in: accounts) == ServiceUser(id: 997, group: 996))
        #expect(ServiceUser.find("4711", in: accounts) == ServiceUser(id: 5, group: 6), "a name goes before a number")
        #expect(ServiceUser.find("62000", in: accounts) == ServiceUser(id: 62000, group: 62000), "a number needs no account")
        for name in ["nobody-here", "", "4294967295", "-1", "weft:x"] { #expect(ServiceUser.find(name, in: accounts) == nil, "\(name)") }
    }

    @Test func rootIsRefused() {
        for name in ["root", "0"] { #expect(throws: HostProcessError.rootRefused) { try ServiceUser(named: name) } }
        #expect(throws: HostProcessError.noSuchUser("no one")) { try ServiceUser(named: "no one") }
    }

    @Test func everyErrorTellsWhatToDo() {
        let errors: [(HostProcessError, String)] = [
            (.noSuchUser("x"), "--user"), (.rootRefused, "--user"), (.cannotBecome(1, errno: 1), "SETUID"),
            (.cannotGiveUp(errno: 1), "privileges"),
        ]
        for (error, advice) in errors { #expect(error.description.contains(advice)) }
    }
}
