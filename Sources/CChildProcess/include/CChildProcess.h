#ifndef WEFT_CCHILDPROCESS_H
#define WEFT_CCHILDPROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/// Starts `path` with `arguments` and `environment` (both NULL-terminated) and puts its process id in `*child`.
///
/// The child has /dev/null as standard input and `output_descriptor` as standard output and standard error (wireguard-go
/// tells its errors on the former), `passed_descriptor` (unless that is -1) as descriptor 3, no other open descriptor,
/// a session of its own (a terminal's Ctrl-C does not reach it) and all signals at their defaults.
/// The kernel sends it SIGTERM when the *thread* that called this ends, so that it never outlives us:
/// call it on a thread that lives as long as the child shall.
///
/// Returns 0, or the errno of what failed: of the exec too, so a missing program is told here.
int weft_child_start(
    const char *path, char *const arguments[], char *const environment[], int output_descriptor, int passed_descriptor,
    pid_t *child);

/// Makes `descriptor`, an open /dev/net/tun, the interface `name`, which must not exist yet; it exists as long as the
/// descriptor or a copy is open (Linux Documentation/networking/tuntap.rst). With packet information, four bytes stand before
/// each packet. Returns 0 or an errno.
int weft_tun_attach(int descriptor, const char *name, bool with_packet_information);

/// A pipe whose reading end does not block; both ends are close-on-exec. Returns 0 or an errno.
/// (Here because Glibc's module map lacks what needs _GNU_SOURCE.)
int weft_pipe(int *reading_end, int *writing_end);

/// The process that listens at the other end of a connected Unix socket (SO_PEERCRED, unix(7));
/// 0 if it is in a foreign pid namespace, -1 if the kernel does not say.
pid_t weft_peer_process(int connected_socket);

#endif
