#define _GNU_SOURCE
#include "CLinux.h"

#include <pthread.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

int64_t weft_boottime_nanoseconds(void) {
    struct timespec now = {0};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int weft_clock_state(void) {
    struct timex state = {0};
    int result = adjtimex(&state);
    return result < 0 ? -1 : result != TIME_ERROR;
}

int weft_signalfd(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    int error = pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (error != 0) {
        errno = error;
        return -1;
    }
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool weft_has_capability(int capability) {
    if (capability < 0 || capability >= _LINUX_CAPABILITY_U32S_3 * 32) return false;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    if (syscall(SYS_capget, &header, data) != 0) return false;
    return data[capability / 32].effective >> (capability % 32) & 1;
}

int weft_keep_only_capability(int capability) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct now[_LINUX_CAPABILITY_U32S_3] = {0}, data[_LINUX_CAPABILITY_U32S_3] = {0};
    data[capability / 32].effective = data[capability / 32].permitted = data[capability / 32].inheritable = 1u << capability % 32;
    // A service manager may have done that already, and forbid the call.
    if (syscall(SYS_capget, &header, now) != 0) return -1;
    if (memcmp(now, data, sizeof data) != 0 && syscall(SYS_capset, &header, data) != 0) return -1;
    // A program that we start has it too: one that provides a userspace WireGuard needs it.
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return -1;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0) return -1;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int weft_change_user(uint32_t user, uint32_t group, int capability) {
    // What cannot be dropped was not there: a container may have no CAP_SETPCAP, and few capabilities anyway.
    for (int other = 0; other < 64; other++)
        if (other != capability) prctl(PR_CAPBSET_DROP, other, 0, 0, 0);
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setgroups(0, NULL) != 0) return -1;
    if (setresgid(group, group, group) != 0 || setresuid(user, user, user) != 0) return -1;
    return prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
}

const int16_t weft_posix_spawn_setsid = POSIX_SPAWN_SETSID;

int weft_exchange(const char *one, const char *other) {
    return renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE) == 0 ? 0 : errno;
}

int weft_reserve(int descriptor, off_t offset, off_t length) {
    int result;
    do result = fallocate(descriptor, FALLOC_FL_KEEP_SIZE, offset, length);
    while (result < 0 && errno == EINTR);
    if (result == 0) return 0;
    return errno == EOPNOTSUPP || errno == ENOSYS ? posix_fallocate(descriptor, offset, length) : errno;
}

// Who opens the file while it is held makes the kernel send a signal: by default one that would end the process.
static int lease(int descriptor, int kind) {
    if (fcntl(descriptor, F_SETSIG, SIGURG) < 0) return errno;
    return fcntl(descriptor, F_SETLEASE, kind) == 0 ? 0 : errno;
}

int weft_is_open_for_writing(int descriptor) {
    int error = lease(descriptor, F_RDLCK);
    if (error == 0) weft_release(descriptor);
    return error == 0 ? 0 : error == EAGAIN ? 1 : -1;
}

int weft_hold(int descriptor) {
    return lease(descriptor, F_WRLCK);
}

void weft_release(int descriptor) {
    fcntl(descriptor, F_SETLEASE, F_UNLCK);
}

int weft_fork_without_capabilities(int descriptor, const char *name) {
    int child = fork();
    if (child != 0) return child;
    prctl(PR_SET_NAME, name, 0, 0, 0);
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    if ((descriptor != 3 && dup2(descriptor, 3) != 3) || chdir("/") != 0) _exit(1);
    syscall(SYS_close_range, 4, ~0u, 0);
    if (syscall(SYS_capset, &header, none) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(1);
    return 0;
}

static int unmap_code(struct dl_phdr_info *program, size_t size, void *unused) {
    (void)size, (void)unused;
    if (strncmp(program->dlpi_name, "linux-", 6) == 0) return 0; // the kernel's own (vdso(7))
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int index = 0; index < program->dlpi_phnum; index++) {
        const ElfW(Phdr) *part = &program->dlpi_phdr[index];
        if (part->p_type != PT_LOAD || (part->p_flags & (PF_X | PF_W)) != PF_X) continue;
        uintptr_t start = program->dlpi_addr + part->p_vaddr, end = start + part->p_filesz;
        start = (start + page - 1) / page * page;
        end = end / page * page;
        if (start < end) madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void weft_unmap_code(void) {
    dl_iterate_phdr(unmap_code, NULL);
}

static int set(int descriptor, int level, int name, int value) {
    return setsockopt(descriptor, level, name, &value, sizeof value);
}

enum { multicast_dns_port = 5353, all_hops = 255 };

static int join_ipv4(int descriptor, int interface) {
    struct sockaddr_in group = {.sin_family = AF_INET, .sin_port = htons(multicast_dns_port), .sin_addr.s_addr = htonl(0xe00000fb)};
    struct ip_mreqn membership = {.imr_multiaddr = group.sin_addr, .imr_ifindex = interface};
    return set(descriptor, IPPROTO_IP, IP_MULTICAST_ALL, 0) != 0 || set(descriptor, IPPROTO_IP, IP_MULTICAST_LOOP, 0) != 0
                   || set(descriptor, IPPROTO_IP, IP_MULTICAST_TTL, all_hops) != 0
                   || setsockopt(descriptor, IPPROTO_IP, IP_MULTICAST_IF, &membership, sizeof membership) != 0
                   || bind(descriptor, (struct sockaddr *)&group, sizeof group) != 0
                   || setsockopt(descriptor, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership) != 0
               ? -1
               : 0;
}

static int join_ipv6(int descriptor, int interface) {
    struct sockaddr_in6 group = {.sin6_family = AF_INET6, .sin6_port = htons(multicast_dns_port), .sin6_scope_id = (uint32_t)interface};
    group.sin6_addr.s6_addr[0] = 0xff;
    group.sin6_addr.s6_addr[1] = 0x02;
    group.sin6_addr.s6_addr[15] = 0xfb;
    struct ipv6_mreq membership = {.ipv6mr_multiaddr = group.sin6_addr, .ipv6mr_interface = (unsigned)interface};
    return set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1) != 0 || set(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0) != 0
                   || set(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0) != 0
                   || set(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, all_hops) != 0
                   || set(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_IF, interface) != 0
                   || bind(descriptor, (struct sockaddr *)&group, sizeof group) != 0
                   || setsockopt(descriptor, IPPROTO_IPV6, IPV6_JOIN_GROUP, &membership, sizeof membership) != 0
               ? -1
               : 0;
}

/* The UDP header, the header of a DNS message, and the length of the first label come before. */
static int hear_only(int descriptor, uint32_t label_start) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 8 + 12 + 1),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, label_start, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

int weft_multicast_dns_socket(bool ipv6, int interface, uint32_t label_start) {
    int descriptor = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
    if (descriptor < 0) return -1;
    if (hear_only(descriptor, label_start) == 0 && set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) == 0
        && set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) == 0
        && (ipv6 ? join_ipv6(descriptor, interface) : join_ipv4(descriptor, interface)) == 0)
        return descriptor;
    int problem = errno;
    close(descriptor);
    errno = problem;
    return -1;
}

int weft_unshare_network(void) {
    return unshare(CLONE_NEWNET);
}

int weft_unshare_mounts(void) {
    if (unshare(CLONE_NEWNS) != 0) return -1;
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

void weft_use_files_as(uid_t user) {
    setfsuid(user);
}

int weft_mount_memory(const char *folder, unsigned long bytes) {
    char options[64];
    snprintf(options, sizeof options, "size=%lu,mode=755", bytes);
    return mount("tmpfs", folder, "tmpfs", 0, options);
}

int weft_mount_over(const char *file, const char *covered) {
    return mount(file, covered, NULL, MS_BIND, NULL);
}

int weft_enter_network(int descriptor) {
    return setns(descriptor, CLONE_NEWNET);
}

int weft_open_terminal(int *terminal) {
    int keyboard = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (keyboard < 0) return -1;
    char path[64];
    if (grantpt(keyboard) == 0 && unlockpt(keyboard) == 0 && ptsname_r(keyboard, path, sizeof path) == 0) {
        *terminal = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (*terminal >= 0) return keyboard;
    }
    int error = errno;
    close(keyboard);
    errno = error;
    return -1;
}
