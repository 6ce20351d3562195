# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Machines with a systemd of their own, on one switch: each is this one, seen through an overlay, in namespaces of its own, so what is
# installed there is gone with it. Whoever reads this in ends by `end_machines`.

# Process 1 of each machine, by its name; and the processes whose end is the end of a machine.
declare -A machine=()
outer=()
folder=$(mktemp -d /tmp/weft-service.XXXXXX)

# A machine ends with the process that made it; its mounts are its own.
end_machines() {
    local pid
    for pid in "${outer[@]}"; do
        kill -KILL "$pid" 2>/dev/null || :
        while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    done
    outer=()
    rm -rf "$folder"
}

# The outer shell's mounts are gone with it; the inner one becomes process 1. Devices are few, so that no service finds more to do.
boot='
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1"/{up,work,root,control}
mount -t cgroup2 cgroup2 "$1/control"
mkdir "$1/control/weft-service-$$"
echo $$ >"$1/control/weft-service-$$/cgroup.procs"
exec unshare --mount --pid --fork --kill-child --net --uts --ipc --cgroup bash -c "$2" bash "$1" "${@:3}"
'
# Packages are installed before the machine starts: what they enable is started as on any machine.
become='
set -e
root=$1/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/up,workdir=$1/work" "$root"
cp -a "$2/." "$root/"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root"/dev/{pts,shm,net,mqueue,hugepages}
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs tmpfs "$root/dev/shm"
mknod -m 666 "$root/dev/net/tun" c 10 200
for device in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "$root/dev/${device%:*}" c 1 "${device#*:}"; done
mknod -m 666 "$root/dev/tty" c 5 0
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
# Images for containers have it, against services that packages start and stop.
rm -f "$root/usr/sbin/policy-rc.d"
# The index of all manual pages, after every package, would take longer than all else.
rm -f "$root/var/lib/man-db/auto-update"
echo "$3" >"$root/etc/hostname"
hostname "$3"
echo "127.0.1.1 $3" >>"$root/etc/hosts"
ip link set lo up
[ -z "$4" ] || mount --bind "$4" "$root/mnt"
cd "$root"
mkdir -p oldroot
pivot_root . oldroot
umount -l oldroot
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
if [ $# -gt 4 ]; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends --no-download \
        -o Dir::Cache::archives=/mnt -o Debug::NoLocking=true "${@:5}"
fi
exec env -i container=weft-test PATH="$PATH" /lib/systemd/systemd --system --unit=multi-user.target --log-target=null
'

make_switch() {
    unshare --net sleep infinity &
    switch=$!
    disown
    outer+=("$switch")
    until [ "$(readlink "/proc/$switch/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
    nsenter --target "$switch" --net ip link add switch type bridge
    nsenter --target "$switch" --net ip link set switch up
    nsenter --target "$switch" --net ip address add 192.0.2.254/24 dev switch
    nsenter --target "$switch" --net ip link set lo up
}

# Starts machines, at once: the first ever has the address 192.0.2.1, the next 192.0.2.2. `tree` is what is put into them, `packages`
# what is installed in each, from the folder of downloads.
tree=
packages=()
started=0
start_machines() { # names
    local name
    [ -n "${switch:-}" ] || make_switch
    [ -n "$tree" ] || { tree=$folder/tree && mkdir -p "$tree"; }
    for name in "$@"; do
        mkdir "$folder/$name"
        unshare --mount bash -c "$boot" bash "$folder/$name" "$become" "$tree" "$name" "${downloads:-}" "${packages[@]}" \
            >"$folder/$name.log" 2>&1 </dev/null &
        machine[$name]=$!
        disown
        outer+=("$!")
    done
    for name in "$@"; do connect_machine "$name" "$((++started))"; done
}
connect_machine() { # name, number
    local inside='' pid=${machine[$1]} _
    # Process 1 of the new namespace: the only child.
    for _ in $(seq $((600 * ${WEFT_SLOWNESS:-1}))); do
        inside=$(tr -d ' ' <"/proc/$pid/task/$pid/children" 2>/dev/null) || :
        [ -n "$inside" ] && [ "$(cat "/proc/$inside/comm" 2>/dev/null)" = systemd ] && break
        kill -0 "$pid" 2>/dev/null || { cat "$folder/$1.log" >&2; exit 1; }
        sleep 0.1
    done
    machine[$1]=$inside
    ip link add eth0 netns "$inside" type veth peer name "to-$1" netns "$switch"
    nsenter --target "$switch" --net ip link set "to-$1" master switch up
    on "$1" ip address add "192.0.2.$2/24" dev eth0
    on "$1" ip link set eth0 up
}
on() { # name, then a command
    local inside=${machine[$1]}
    shift
    nsenter --target "$inside" --mount --pid --net --uts --ipc --cgroup --root --wd=/ -- \
        env -i --chdir=/root HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# A server that all machines reach, at 192.0.2.254.
serve() { # what its output goes to, then a command
    nsenter --target "$switch" --net "${@:2}" >"$1" 2>&1 </dev/null &
    outer+=("$!")
    disown
}

# A terminal on a machine, with a program in the foreground until `interrupt` types Ctrl-C. What it shows is in "$folder/TERMINAL.screen".
declare -A keyboard=() terminal=()
at_terminal() { # terminal, machine, then a command as it is typed
    local keys
    mkfifo "$folder/$1.keys"
    exec {keys}<>"$folder/$1.keys"
    keyboard[$1]=$keys
    on "$2" script --quiet --flush --return --command "$3" /dev/null <"$folder/$1.keys" >"$folder/$1.screen" 2>&1 &
    terminal[$1]=$!
}
interrupt() { # terminal; its exit status is the program's
    local keys=${keyboard[$1]} status=0
    printf '\003' >&"$keys"
    wait "${terminal[$1]}" || status=$?
    exec {keys}>&-
    rm "$folder/$1.keys"
    cat "$folder/$1.screen"
    return "$status"
}
