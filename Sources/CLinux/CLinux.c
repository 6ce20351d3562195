#define _GNU_SOURCE
#include "CLinux.h"

#include <pthread.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int64_t weft_boottime_nanoseconds(void) {
    struct timespec now = {0};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
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

int weft_unshare_network(void) {
    return unshare(CLONE_NEWNET);
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
