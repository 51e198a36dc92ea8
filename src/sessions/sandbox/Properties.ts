/**
 * A sandbox as properties of a systemd unit (systemd.exec(5)), as far as user managers of systemd 252 and later can do it.
 */
import { join } from "node:path"
import type { Confinement } from "./Confinement.ts"
import { isWithin } from "./WorkTree.ts"

/**
 * Sockets of what runs as root and does as it is told: containers' managers, for members of a group, which one stays inside of a
 * sandbox; on the system's message bus whatever polkit lets somebody do who sits at the machine.
 */
const ROOT_BY_ANOTHER_DOOR = [
  "/run/dbus",
  "/run/docker.sock",
  "/run/containerd",
  "/run/podman",
  "/run/libvirt",
  "/run/incus",
  "/var/lib/incus/unix.socket",
  "/var/lib/lxd/unix.socket",
  "/var/snap/lxd/common/lxd/unix.socket"
]

/** What ProtectHome= covers. */
const HOMES = ["/home", "/root", "/run/user"]

const ALWAYS = [
  // Without a user namespace systemd 252 does not say that it has done nothing of what follows.
  "PrivateUsers=yes",
  "NoNewPrivileges=yes",
  "RestrictSUIDSGID=yes",
  "RestrictRealtime=yes",
  "LockPersonality=yes",
  "KeyringMode=private",
  "ProtectKernelTunables=yes",
  "ProtectKernelModules=yes",
  // A session in it cannot lift its own limits.
  "ProtectControlGroups=yes",
  "ProtectClock=yes",
  "ProtectHostname=yes"
]

/** Absolute paths, each quoted as a word. */
const all = (name: string, paths: ReadonlyArray<string>): ReadonlyArray<string> =>
  paths.map((path) => `${name}=${quoted(path)}`)

/** The dash: none of them has to be there. */
const optional = (name: string, paths: ReadonlyArray<string>): ReadonlyArray<string> =>
  all(
    name,
    paths.map((path) => `-${path}`)
  )

/** A word as systemd-run takes it, whatever is in it. */
export const quoted = (word: string): string => `"${word.replaceAll(/["\\]/g, "\\$&")}"`

/** `extra`: a directory of the daemon's own that the program needs, with what is in it. */
export const sandboxProperties = (
  { home, profile, runtime, socket, tree }: Confinement,
  extra: ReadonlyArray<string> = []
): ReadonlyArray<string> => {
  const expand = (paths: ReadonlyArray<string>) =>
    paths.map((path) => (path.startsWith("~") ? join(home, path.slice(1)) : path))
  const elsewhere = !HOMES.some((one) => isWithin(home, one))
  const emptied = [runtime, ...(profile.home === "empty" ? [home] : [])]
  const replaced = [...emptied, ...(profile.private_tmp ? ["/tmp", "/var/tmp"] : [])]
  const trees = [tree.root, ...(tree.git === null ? [] : [tree.git])]
  const writable = profile.work_tree === "read-write" ? trees : []
  /** What has been replaced by something empty must be brought back; what lies in a read-only tree only be opened. */
  const open = (paths: ReadonlyArray<string>, bind: "BindPaths" | "BindReadOnlyPaths", plain: string, named = all) =>
    paths.flatMap((path) => named(replaced.some((one) => path !== one && isWithin(path, one)) ? bind : plain, [path]))
  return [
    ...ALWAYS,
    ...(profile.home === "read-only"
      ? ["ProtectHome=read-only", ...(elsewhere ? all("ReadOnlyPaths", [home]) : [])]
      : []),
    ...(profile.home === "empty" ? ["ProtectHome=tmpfs"] : []),
    ...(profile.system === "read-only" ? ["ProtectSystem=strict"] : []),
    ...(profile.network ? [] : ["PrivateNetwork=yes"]),
    ...(profile.private_tmp ? ["PrivateTmp=yes"] : []),
    // Not in any sandbox: with the service manager or the message bus a program could be started outside of it.
    ...emptied.map((path) => `TemporaryFileSystem=${quoted(path)}:mode=0700`),
    ...(profile.daemon ? optional("BindReadOnlyPaths", [socket]) : []),
    ...open(writable, "BindPaths", "ReadWritePaths"),
    ...open(expand(profile.read_write), "BindPaths", "ReadWritePaths", optional),
    ...open(profile.work_tree === "read-only" ? trees : [], "BindReadOnlyPaths", "ReadOnlyPaths"),
    ...open(expand(profile.read_only), "BindReadOnlyPaths", "ReadOnlyPaths", optional),
    // What is mounted cannot be renamed; ReadWritePaths= would mount nothing where all around is writable too.
    ...(profile.protect_git && tree.own !== null && writable.length > 0 ? all("BindPaths", [tree.own]) : []),
    ...(profile.protect_git ? optional("ReadOnlyPaths", tree.orders) : []),
    ...all("BindPaths", extra),
    ...optional("InaccessiblePaths", [...ROOT_BY_ANOTHER_DOOR, ...expand(profile.hidden)])
  ]
}
