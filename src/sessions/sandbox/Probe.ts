/**
 * Whether this host gives a session the sandbox it was promised: asked before it starts, by a shell in just such a sandbox.
 *
 * Asked and not assumed, because systemd leaves out without a word what the kernel, a container around it or its own age do not let
 * it do.
 */
import type { Confinement } from "./Confinement.ts"

/** What a probe can find open that should be shut, and how it is told. */
const findings = {
  privileges: "programs in it could gain privileges",
  users: "it has no user namespace of its own",
  bus: "the service manager and the message bus can be reached from it",
  home: "your home is not shut off",
  system: "the system's files are not read-only",
  network: "it has no network of its own",
  tmp: "it has no temporary directory of its own"
} as const

type Finding = keyof typeof findings

/** Prints a word for each thing that is open. Arguments: the network namespace outside, runtime directory, home, checks. */
const SCRIPT = `net=$1 runtime=$2 home=$3; shift 3
while read -r name value; do case $name in NoNewPrivs:) nnp=$value ;; esac; done </proc/self/status
read -r inside outside users </proc/self/uid_map
while read -r id parent device root point rest; do
  case $point in
    /) system=$rest ;;
    /tmp) tmp=$root ;;
    "$home") over=$rest ;;
  esac
done </proc/self/mountinfo
[ "$nnp" = 1 ] || echo privileges
[ "$users" -lt 65536 ] || echo users
if [ -e "$runtime/bus" ] || [ -e "$runtime/systemd" ]; then echo bus; fi
for check; do
  case $check in
    home-read-only) [ ! -w "$home" ] || echo home ;;
    home-empty) case $over in *" - tmpfs "*) ;; *) echo home ;; esac ;;
    system) case $system in ro|ro,*|"ro "*) ;; *) echo system ;; esac ;;
    network) [ "$(command -p readlink /proc/self/ns/net)" != "$net" ] || echo network ;;
    tmp) case $tmp in *systemd-private-*) ;; *) echo tmp ;; esac ;;
  esac
done
echo done
`

/** The probe for a sandbox; `network`: the namespace of the daemon, outside of it. */
export const probeOf = ({ home, profile, runtime }: Confinement, network: string): ReadonlyArray<string> => {
  const checks = [
    ...(profile.home === "open" ? [] : [`home-${profile.home}`]),
    ...(profile.system === "open" ? [] : ["system"]),
    ...(profile.network ? [] : ["network"]),
    ...(profile.private_tmp ? ["tmp"] : [])
  ]
  return ["/bin/sh", "-c", SCRIPT, "probe", network, runtime, home, ...checks]
}

/** What is missing, in words; null when the sandbox is whole. A probe that says nothing to its end has not run. */
export const readProbe = (said: { readonly code: number; readonly stdout: string; readonly stderr: string }) => {
  const words = said.stdout.split("\n").filter((word) => word !== "")
  const open = words.flatMap((word) => (Object.hasOwn(findings, word) ? [findings[word as Finding]] : []))
  if (said.code === 0 && words.at(-1) === "done") return open.length === 0 ? null : open.join(", ")
  const reason = said.stderr.trim().split("\n").at(-1)
  return `systemd could not make it (${EXIT_REASONS[said.code] ?? (reason || `exit code ${said.code}`)})`
}

/** systemd.exec(5), "Process exit codes". */
const EXIT_REASONS: Readonly<Record<number, string>> = {
  217: "217/USER: no user namespace",
  218: "218/CAPABILITIES",
  225: "225/NETWORK: no network namespace",
  226: "226/NAMESPACE: no mount namespace"
}
