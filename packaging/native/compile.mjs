/**
 * Compiles the two native addons with nothing but a C++ compiler and Node's headers.
 *
 * node-gyp would do it too, but wants Python, make and a download of headers from nodejs.org, which a closed network refuses.
 * Each addon is one file of C++. Plain JavaScript: it runs while npm installs, before anything else is there.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, renameSync } from "node:fs"
import { dirname, join } from "node:path"

/** Something a person has to install first; the message says how. */
export class CompileError extends Error {}

const HOW_TO_GET_A_COMPILER = `A C++ compiler is missing (looked for $CXX, c++, g++, clang++). Get one with:
  apt-get install g++         Debian, Ubuntu
  dnf install gcc-c++         Fedora, RHEL
  pacman -S gcc               Arch
  apk add g++                 Alpine
  xcode-select --install      macOS`

const compiler = () => {
  const found = [process.env.CXX, "c++", "g++", "clang++"].find(
    (name) => name && spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0
  )
  if (found === undefined) throw new CompileError(HOW_TO_GET_A_COMPILER)
  return found
}

/** Compiles one file into a shared object, which appears whole or not at all. */
const compile = ({ source, includes, flags, libraries, output }) => {
  const temporary = `${output}.${process.pid}.tmp`
  mkdirSync(dirname(output), { recursive: true })
  const shared = process.platform === "darwin" ? ["-bundle", "-undefined", "dynamic_lookup"] : ["-shared"]
  // The same file comes out wherever it is compiled: no path of this machine in messages, no hash of temporary names.
  const anywhere = [...includes, dirname(source)].map((folder) => `-ffile-prefix-map=${folder}=.`)
  if (process.platform === "linux") anywhere.push("-Wl,--build-id=none")
  const optimised = ["-fPIC", "-O2", "-w", ...anywhere, ...flags]
  const args = [...shared, ...optimised, ...includes.map((folder) => `-I${folder}`), source]
  const result = spawnSync(compiler(), [...args, "-o", temporary, ...libraries], { encoding: "utf8" })
  if (result.status !== 0) throw new CompileError(`Compiling ${source} failed:\n${(result.stderr ?? "").trim()}`)
  renameSync(temporary, output)
}

/** node-pty's addon. It uses Node-API only, so it fits every Node that can run agentd. */
export const compileTerminalAddon = ({ source, includes, output }) =>
  compile({
    source,
    includes,
    // As in node-pty's binding.gyp; the C++ runtime goes inside, because small installations have none.
    flags: ["-std=c++17", "-DNAPI_CPP_EXCEPTIONS", "-D_FORTIFY_SOURCE=2"],
    libraries: process.platform === "linux" ? ["-static-libstdc++", "-static-libgcc", "-s", "-lutil"] : [],
    output
  })

/** Whether libsystemd's headers are installed, or given through CPATH. */
export const hasSystemdHeaders = () =>
  ["/usr/include", ...(process.env.CPATH ?? "").split(":")].some((folder) =>
    existsSync(join(folder, "systemd/sd-daemon.h"))
  )

/** sd-notify's addon. It uses V8 itself, so it fits exactly the Node whose headers it was compiled with. */
export const compileNotifyAddon = ({ folder, headers }) =>
  compile({
    source: join(folder, "notify.cc"),
    includes: [headers],
    flags: ["-std=c++20", "-DNODE_GYP_MODULE_NAME=notify", "-DBUILDING_NODE_EXTENSION"],
    libraries: ["-lsystemd"],
    output: join(folder, "build/Release/notify.node")
  })
