/**
 * What a virtual machine is made of: an emulator and a kernel of Debian's, fetched once and kept beside the containers' images, and a
 * disk of its own with agentd's package installed.
 */
import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { root } from "../../../packaging/build/root.ts"
import { aptInstall } from "./apt.ts"
import { hasProgram, imagePath, keepUnlessThere, SYSTEMS } from "./Image.ts"

const exec = promisify(execFile)

/**
 * The newest of the systems. Its kernel has ext4 and everything of virtio but the disk built in; its QEMU is used whatever the host
 * has, for the emulation of QEMU 7.2 (Debian 12) now and then corrupts a kernel that boots on a busy host.
 */
export const VM_SYSTEM = SYSTEMS.at(-1)!

/** Who uses the machine: lingers, so that their user manager is up after every boot. */
export const VM_USER = { name: "ada", uid: 1000 } as const

const TOOLS = { mke2fs: "e2fsprogs", cpio: "cpio", xz: "xz-utils" } as const

/** Installs what is missing on the host; returns why it cannot be had, or null. */
export const vmTools = (): string | null => {
  if (process.arch !== "x64") return `they are x86-64 machines, and this is ${process.arch}`
  const missing = Object.entries(TOOLS).flatMap(([program, name]) => (hasProgram(program) ? [] : [name]))
  return missing.length === 0 ? null : aptInstall(...missing)
}

/** Nothing that the tests need waits for these, and under emulation each costs a tenth of a second or more. */
const MASKED = [
  "dev-hugepages.mount",
  "dev-mqueue.mount",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "fstrim.timer",
  "getty@tty1.service",
  "modprobe@configfs.service",
  "modprobe@drm.service",
  "modprobe@efi_pstore.service",
  "modprobe@fuse.service",
  "serial-getty@ttyS0.service",
  "sys-fs-fuse-connections.mount",
  "sys-kernel-debug.mount",
  "sys-kernel-tracing.mount",
  "systemd-binfmt.service",
  "systemd-hostnamed.socket",
  "systemd-journal-catalog-update.service",
  "systemd-modules-load.service",
  "systemd-pstore.service",
  "systemd-random-seed.service",
  "systemd-sysctl.service",
  "systemd-sysext.socket",
  "systemd-tmpfiles-clean.timer",
  "systemd-update-utmp.service"
]

/** On a busy host an emulated processor may stand still for longer than a real one ever would. */
const SLOW = "[Service]\nWatchdogSec=10min\nTimeoutStartSec=10min\n"

const KERNEL = "linux-image-cloud-amd64 busybox-static"
const EMULATOR = "qemu-system-x86 seabios"

const INIT = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs none /dev
/bin/busybox insmod /virtio_blk.ko
/bin/busybox mount -t ext4 /dev/vda /disk || /bin/busybox poweroff -f
/bin/busybox mount -o move /dev /disk/dev
exec /bin/busybox switch_root /disk /lib/systemd/systemd "$@"
`

export interface Emulator {
  /** QEMU, as this host runs it: with its own libraries. */
  readonly argv: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  readonly kernel: string
  readonly initrd: string
}

export const emulator = async (): Promise<Emulator> => {
  const recipe = createHash("sha256").update(KERNEL + EMULATOR + INIT)
  const image = imagePath(VM_SYSTEM)
  const path = join(dirname(image), `qemu-${VM_SYSTEM.release}-${recipe.digest("hex").slice(0, 12)}`)
  if (!existsSync(path)) await fetchEmulator(image, path)
  const [libraries, share] = [join(path, "usr/lib/x86_64-linux-gnu"), join(path, "usr/share")]
  const loader = [join(path, "usr/lib64/ld-linux-x86-64.so.2"), "--library-path", libraries]
  const files = ["-L", join(share, "seabios"), "-L", join(share, "qemu")]
  return {
    argv: [...loader, join(path, "usr/bin/qemu-system-x86_64"), ...files],
    env: { QEMU_MODULE_DIR: join(libraries, "qemu") },
    kernel: join(path, "boot/vmlinuz"),
    initrd: join(path, "boot/initrd")
  }
}

const fetchEmulator = async (image: string, path: string): Promise<void> => {
  const work = mkdtempSync(join(dirname(image), ".qemu-"))
  const tree = join(work, "tree")
  try {
    await exec("cp", ["--archive", image, tree])
    cpSync("/etc/resolv.conf", join(tree, "etc/resolv.conf"), { dereference: true })
    // The kernel's package only depends on the newest one there is.
    const fetch = `export DEBIAN_FRONTEND=noninteractive
      apt-get update -qq
      apt-get install -y -qq --no-install-recommends ${EMULATOR}
      cd /var/tmp
      apt-get download -q ${KERNEL} $(apt-cache depends ${KERNEL} | awk '/ Depends: linux-image/ { print $2 }')`
    await exec("chroot", [tree, "sh", "-euc", fetch], { maxBuffer: 64 * 1024 * 1024 })
    writeFileSync(join(work, "init"), INIT, { mode: 0o755 })
    const script = `cd ${work}
      for deb in tree/var/tmp/*.deb; do dpkg-deb --extract "$deb" unpacked; done
      mkdir -p initrd/bin initrd/dev initrd/disk
      cp unpacked/usr/bin/busybox initrd/bin/
      cp init initrd/
      xz --decompress --stdout $(find unpacked -name virtio_blk.ko.xz) >initrd/virtio_blk.ko
      cp unpacked/boot/vmlinuz-* tree/boot/vmlinuz
      cd initrd && find . | cpio --create --format=newc --quiet --owner=0:0 | gzip -1 >../tree/boot/initrd
      rm -rf ../tree/var/tmp/*.deb ../tree/var/cache/apt ../tree/var/lib/apt/lists`
    await exec("bash", ["-euo", "pipefail", "-c", script])
    keepUnlessThere(tree, path)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Makes a disk on which the package is installed, as an administrator's image builder would. */
export const makeDisk = async (file: string, deb: string): Promise<void> => {
  const tree = mkdtempSync(`${file}-`)
  try {
    await exec("cp", ["--archive", `${imagePath(VM_SYSTEM)}/.`, tree])
    const units = join(tree, "etc/systemd/system")
    for (const unit of MASKED) symlinkSync("/dev/null", join(units, unit))
    // What a power cut leaves of a journal is not examined; without it each boot is a second shorter.
    writeFileSync(join(tree, "etc/systemd/journald.conf"), "[Journal]\nStorage=volatile\n")
    const dropIns = join(tree, "etc/systemd/user/agentd.service.d")
    mkdirSync(dropIns, { recursive: true })
    writeFileSync(join(dropIns, "slow.conf"), SLOW)
    writeFileSync(join(units, "control.service"), "[Service]\nExecStart=/usr/local/lib/test/control\n")
    mkdirSync(join(units, "multi-user.target.wants"), { recursive: true })
    symlinkSync("../control.service", join(units, "multi-user.target.wants/control.service"))
    const programs = join(tree, "usr/local/lib/test")
    cpSync(join(root, "test/os/programs/vm"), programs, { recursive: true })
    for (const name of readdirSync(programs)) await exec("chmod", ["755", join(programs, name)])
    cpSync(deb, join(tree, "agentd.deb"))
    const script = `dpkg --install /agentd.deb && rm /agentd.deb
      useradd --create-home --uid ${VM_USER.uid} --shell /bin/bash ${VM_USER.name}
      mkdir -p /var/lib/systemd/linger && touch /var/lib/systemd/linger/${VM_USER.name}`
    await exec("chroot", [tree, "sh", "-euc", script])
    await exec("mke2fs", [
      "-q",
      "-F",
      "-t",
      "ext4",
      "-E",
      "lazy_itable_init=1,lazy_journal_init=1",
      "-d",
      tree,
      file,
      "2G"
    ])
  } finally {
    rmSync(tree, { recursive: true, force: true })
  }
}
