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
#include <sys/types.h>
#include <sys/xattr.h>

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

/// 1 if a time service has told the kernel that the clock is right (adjtimex(2)), 0 if not, -1 if the kernel does not say.
int weft_clock_state(void);

/// Blocks SIGINT, SIGTERM and SIGHUP for the calling thread, and for the threads that it starts from then on, and returns
/// a descriptor that reads `struct signalfd_siginfo` for each of them (signalfd(2)), close-on-exec and non-blocking.
/// Call it before the first thread is started. -1 and errno on failure.
int weft_signalfd(void);

/// Whether the calling thread has the capability, e.g. `CAP_NET_ADMIN`, in its effective set (capget(2)).
bool weft_has_capability(int capability);

/// Gives up every capability but one for good, for this thread and the programs that it starts, and forbids to gain any by starting one
/// (capset(2), PR_CAP_AMBIENT, PR_SET_NO_NEW_PRIVS). Call it before the first thread is started. -1 and errno on failure.
int weft_keep_only_capability(int capability);

/// Becomes another user, with one capability left of what root may; then call `weft_keep_only_capability`. Likewise before the first thread.
int weft_change_user(uint32_t user, uint32_t group, int capability);

/// `POSIX_SPAWN_SETSID`, typed as the flags of posix_spawnattr_setflags(3).
extern const int16_t weft_posix_spawn_setsid;

/// Exchanges what two paths name, at once (renameat2(2) with RENAME_EXCHANGE). Returns 0 or an errno: EINVAL or ENOSYS where
/// the filesystem or the kernel cannot, EBUSY for a path that something is mounted on.
int weft_exchange(const char *one, const char *other);

/// Makes sure that the disk has room for so many bytes from `offset` on (fallocate(2), posix_fallocate(3)). Returns 0 or an errno.
/// The file's size may have changed afterwards, if the filesystem cannot reserve room otherwise.
int weft_reserve(int descriptor, off_t offset, off_t length);

/// Whether any process has the file open for writing: 1 or 0, or -1 if the kernel does not say (fcntl(2), leases: it tells the
/// file's owner and who has CAP_LEASE, on local filesystems). `descriptor` must be open for reading alone.
int weft_is_open_for_writing(int descriptor);

/// Keeps all others from opening the file, until `weft_release` or, at the latest, for /proc/sys/fs/lease-break-time seconds
/// (fcntl(2), F_WRLCK). Returns 0 or an errno: EAGAIN if somebody has it open, another one if it cannot be had here at all.
int weft_hold(int descriptor);
void weft_release(int descriptor);

/// Starts a copy of this process that keeps `descriptor`, as its number 3, and the standard ones open and nothing else, and that has no
/// capability (fork(2)): what it may do is what its user may. Returns 0 in the copy, its id here, -1 and errno on failure. Before the
/// first thread, likewise.
int weft_fork_without_capabilities(int descriptor, const char *name);

/// Unmaps the pages of code of this program and its libraries (madvise(2), MADV_DONTNEED), which count as memory of the process.
/// What is called again is mapped again from the page cache, at the cost of a fault. Code alone: it is never written to, while
/// other parts of a program hold what the loader has put there.
void weft_unmap_code(void);

/// A socket that sends to and hears the group of multicast DNS (224.0.0.251 or ff02::fb, port 5353) on one interface, close-on-exec and
/// non-blocking; other programs of this machine may have one too, and do not hear what it sends. It hears only messages whose first
/// name begins with a label that begins with these four bytes, in network byte order: others do not wake anybody. -1 and errno on failure.
int weft_multicast_dns_socket(bool ipv6, int interface, uint32_t label_start);

/// Moves the calling thread into a network namespace of its own (unshare(2) with CLONE_NEWNET). -1 and errno on failure.
/// For tests: the daemon works in the namespace it is started in.
int weft_unshare_network(void);

/// Moves the calling thread into a mount namespace of its own, from which nothing gets out (unshare(2) with CLONE_NEWNS).
/// -1 and errno on failure. For tests, likewise.
int weft_unshare_mounts(void);

/// Lets the calling thread touch files as that user, without the rights of root (setfsuid(2)). For tests, likewise.
void weft_use_files_as(uid_t user);

/// Mounts an empty filesystem of at most so many bytes (tmpfs), or a file over another one. -1 and errno on failure.
/// For tests, likewise.
int weft_mount_memory(const char *folder, unsigned long bytes);
int weft_mount_over(const char *file, const char *covered);

/// Moves the calling thread into the network namespace that the descriptor is open on (setns(2)). -1 and errno on failure.
/// For tests, likewise.
int weft_enter_network(int descriptor);

/// Makes a terminal (pty(7)) that nobody controls yet, and puts the end for a process in `*terminal`. Returns the other end,
/// where one types; both are close-on-exec. -1 and errno on failure. For tests, likewise.
int weft_open_terminal(int *terminal);

#endif
