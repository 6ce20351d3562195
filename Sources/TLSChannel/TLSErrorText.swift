import NIOSSL

/// What went wrong in TLS, for a person. BoringSSL's own words tell in which line of its source they stand.
enum TLSErrorText {
    private static let alert = "ALERT_"

    static func describe(_ error: any Error) -> String {
        switch error {
        case NIOSSLError.handshakeFailed(let cause), NIOSSLError.shutdownFailed(let cause): describe(cause)
        case let error as BoringSSLError: describe(error)
        default: "TLS: \(error)"
        }
    }

    private static func describe(_ error: BoringSSLError) -> String {
        switch error {
        case .sslError(let stack), .unknownError(let stack), .invalidSNIName(let stack), .failedToSetALPN(let stack):
            // Such as "Error: 268435581 error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at ssl/handshake.cc:393". The
            // last is TLS's own, those before it are what it came of.
            describe(reason: stack.last.map { "\($0)" } ?? "unknown error")
        case .zeroReturn, .syscallError: "TLS: the other side has closed the connection"
        case .noError, .wantRead, .wantWrite, .wantConnect, .wantAccept, .wantX509Lookup, .wantCertificateVerify: "TLS: \(error)"
        }
    }

    private static func describe(reason text: String) -> String {
        let words = text.split(separator: " at ").first ?? ""
        let reason = words.split(separator: ":").last ?? words
        guard let alert = reason.ranges(of: Self.alert).first else { return "TLS: \(spelled(reason))" }
        return "TLS: the other side refused: \(spelled(reason[alert.upperBound...]))"
    }

    /// CERTIFICATE_VERIFY_FAILED is a shout.
    private static func spelled(_ reason: Substring) -> String {
        String(reason.lowercased().map { $0 == "_" ? " " : $0 })
    }
}
