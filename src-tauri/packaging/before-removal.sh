#!/bin/sh
# Runs as root before the package's files go: nothing of Tamis is to stay behind that leads to a program which is not there
# any more. What the users have chosen (~/.config/tamis) stays.

# dpkg says `remove`, rpm says 0. At an upgrade the program stays, and so does what it has set.
case "${1:-}" in
    remove | 0) ;;
    *) exit 0 ;;
esac

folder=${TAMIS_FOLDER:-/usr/bin}
[ -x "$folder/tamis" ] || exit 0

# Those at work put the setting back themselves when they are asked to end; `tamis cleanup` touches nothing beside them.
# A guard goes when it has nothing left to guard.
asked=
for process in /proc/[0-9]*; do
    program=$(readlink "$process/exe" 2>/dev/null) || continue
    case "${program%' (deleted)'}" in
        "$folder/tamis-desktop") ;;
        "$folder/tamis") [ "$(tr '\0' '\n' <"$process/cmdline" 2>/dev/null | sed -n 2p)" = serve ] || continue ;;
        *) continue ;;
    esac
    kill -TERM "${process#/proc/}" 2>/dev/null && asked="$asked $process"
done
rounds=50
for process in $asked; do
    while [ -e "$process/exe" ] && [ "$rounds" -gt 0 ]; do
        rounds=$((rounds - 1))
        sleep 0.2
    done
done

# As each user of whom there is something, on the bus of their session: the desktop's settings are kept behind it. Where
# they are not logged in they get a bus for the moment.
getent passwd | while IFS=: read -r user _ id _ _ home _; do
    [ -e "$home/.local/state/tamis" ] || [ -e "$home/.local/share/tamis" ] ||
        [ -e "$home/.config/autostart/tamis.desktop" ] || [ -e "$home/.config/autostart/tamis-restore.desktop" ] || continue
    runtime=/run/user/$id
    if [ -S "$runtime/bus" ]; then
        set -- XDG_RUNTIME_DIR="$runtime" DBUS_SESSION_BUS_ADDRESS="unix:path=$runtime/bus" "$folder/tamis"
    elif command -v dbus-run-session >/dev/null; then
        set -- dbus-run-session -- "$folder/tamis"
    else
        set -- "$folder/tamis"
    fi
    # A removal is not held up, neither by what could not be put back, which is told with how to do it by hand, nor by a bus
    # that does not answer or a user who stops the process. So the time is kept out here, where that user has no say.
    timeout --kill-after=5 60 runuser -u "$user" -- env -i HOME="$home" USER="$user" PATH=/usr/bin:/bin "$@" cleanup </dev/null ||
        echo "tamis: not everything of $user's could be put back, see above" >&2
done
exit 0
