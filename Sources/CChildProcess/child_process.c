#define _GNU_SOURCE
#include "CChildProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

// Everything from here to the exec runs in a copy of a process that may have had other threads:
// only async-signal-safe calls are allowed (signal-safety(7)).

static void report_and_exit(int report, int error) {
    ssize_t ignored = write(report, &error, sizeof error);
    (void)ignored;
    _exit(127);
}

static void restore_signals(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/// Returns where `report` is now: 4, and nothing is open above it.
static int arrange_descriptors(int output_descriptor, int passed_descriptor, int report) {
    // Out of the way of 0 to 4 first: any of them may be closed in the parent, and so be one of ours.
    int output_copy = fcntl(output_descriptor, F_DUPFD_CLOEXEC, 10);
    int report_copy = fcntl(report, F_DUPFD_CLOEXEC, 10);
    if (output_copy < 0 || report_copy < 0) report_and_exit(report, errno);
    int passed_copy = passed_descriptor < 0 ? -1 : fcntl(passed_descriptor, F_DUPFD_CLOEXEC, 10);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || (passed_descriptor >= 0 && passed_copy < 0)) report_and_exit(report_copy, errno);
    if (dup2(null, STDIN_FILENO) < 0 || dup2(output_copy, STDOUT_FILENO) < 0 || dup2(output_copy, STDERR_FILENO) < 0
        || (passed_copy >= 0 && dup2(passed_copy, 3) < 0) || dup3(report_copy, 4, O_CLOEXEC) < 0)
        report_and_exit(report_copy, errno);
    // A dup2 onto itself keeps the close-on-exec flag.
    for (int descriptor = 0; descriptor < 3; descriptor++) fcntl(descriptor, F_SETFD, 0);
    if (passed_copy < 0) close(3);
    // Kernels before 5.9 lack it; all our descriptors are close-on-exec anyway.
    syscall(SYS_close_range, 5u, ~0u, 0u);
    return 4;
}

static void become(
    const char *path, char *const arguments[], char *const environment[], int output_descriptor,
    int passed_descriptor, int report, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    // The parent may have ended before the prctl.
    if (getppid() != parent) _exit(127);
    restore_signals();
    setsid();
    report = arrange_descriptors(output_descriptor, passed_descriptor, report);
    execve(path, arguments, environment);
    report_and_exit(report, errno);
}

int weft_child_start(
    const char *path, char *const arguments[], char *const environment[], int output_descriptor, int passed_descriptor,
    pid_t *child) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0) return errno;
    // No signal handler of the parent may run in the child before it is reset.
    sigset_t all, previous;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &previous);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) become(path, arguments, environment, output_descriptor, passed_descriptor, report[1], parent);
    int error = pid < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    close(report[1]);
    if (pid > 0) {
        ssize_t count;
        // End of file: the exec closed the other end.
        do count = read(report[0], &error, sizeof error);
        while (count < 0 && errno == EINTR);
        if (count != (ssize_t)sizeof error) error = 0;
        if (error != 0) while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
        *child = pid;
    }
    close(report[0]);
    return error;
}

int weft_pipe(int *reading_end, int *writing_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return errno;
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
        int error = errno;
        close(ends[0]);
        close(ends[1]);
        return error;
    }
    *reading_end = ends[0];
    *writing_end = ends[1];
    return 0;
}

pid_t weft_peer_process(int connected_socket) {
    struct ucred credentials;
    socklen_t size = sizeof credentials;
    return getsockopt(connected_socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0 ? -1 : credentials.pid;
}

int weft_tun_attach(int descriptor, const char *name, bool with_packet_information) {
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_TUN_EXCL | (with_packet_information ? 0 : IFF_NO_PI)};
    if (strlen(name) >= sizeof request.ifr_name) return ENAMETOOLONG;
    strcpy(request.ifr_name, name);
    return ioctl(descriptor, TUNSETIFF, &request) < 0 ? errno : 0;
}
