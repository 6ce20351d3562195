#ifndef WEFT_CLINUX_H
#define WEFT_CLINUX_H

#include <linux/capability.h>
#include <linux/genetlink.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/wireguard.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

/* Macros that Swift does not import as they stand. */

/// `WG_GENL_VERSION`, typed as the version field of `struct genlmsghdr`.
static const uint8_t weft_wg_genl_version = WG_GENL_VERSION;
/// The bits of `nla_type` that are the type: without `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER`.
static const uint16_t weft_nla_type_mask = (uint16_t)NLA_TYPE_MASK;

static const uint8_t weft_af_unspec = AF_UNSPEC;
static const uint8_t weft_af_inet = AF_INET;
static const uint8_t weft_af_inet6 = AF_INET6;
/// `IFF_UP`, typed as `ifi_flags`.
static const uint32_t weft_iff_up = IFF_UP;
static const int32_t weft_so_rcvbufforce = SO_RCVBUFFORCE;
static const int32_t weft_ip_mtu = IP_MTU;
static const int32_t weft_ipv6_mtu = IPV6_MTU;
/// `IFNAMSIZ`: bytes of an interface name, its NUL included.
static const int weft_ifnamsiz = IFNAMSIZ;

/// Nanoseconds of `CLOCK_BOOTTIME`: monotonic, and it goes on counting while the machine sleeps (clock_gettime(2)).
int64_t weft_boottime_nanoseconds(void);

/// Blocks SIGINT, SIGTERM and SIGHUP for the calling thread, and for the threads that it starts from then on, and returns
/// a descriptor that reads `struct signalfd_siginfo` for each of them (signalfd(2)), close-on-exec and non-blocking.
/// Call it before the first thread is started. -1 and errno on failure.
int weft_signalfd(void);

/// Whether the calling thread has the capability, e.g. `CAP_NET_ADMIN`, in its effective set (capget(2)).
bool weft_has_capability(int capability);

/// Moves the calling thread into a network namespace of its own (unshare(2) with CLONE_NEWNET). -1 and errno on failure.
/// For tests: the daemon works in the namespace it is started in.
int weft_unshare_network(void);

/// Moves the calling thread into the network namespace that the descriptor is open on (setns(2)). -1 and errno on failure.
/// For tests, likewise.
int weft_enter_network(int descriptor);

/// Makes a terminal (pty(7)) that nobody controls yet, and puts the end for a process in `*terminal`. Returns the other end,
/// where one types; both are close-on-exec. -1 and errno on failure. For tests, likewise.
int weft_open_terminal(int *terminal);

#endif
