/** The LaunchAgent: a property list whose keys launchd knows, of the types it wants. Nothing here has run on a Mac. */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { expect, test } from "vitest"
import { root } from "../../packaging/build/root.ts"

/** launchd.plist(5), macOS 14: the keys a LaunchAgent may have, and what their values are. */
const KEYS: Readonly<Record<string, string>> = {
  AbandonProcessGroup: "boolean",
  AssociatedBundleIdentifiers: "object",
  Debug: "boolean",
  Disabled: "boolean",
  EnableGlobbing: "boolean",
  EnablePressuredExit: "boolean",
  EnableTransactions: "boolean",
  EnvironmentVariables: "object",
  ExitTimeOut: "number",
  GroupName: "string",
  HardResourceLimits: "object",
  InitGroups: "boolean",
  KeepAlive: "object",
  Label: "string",
  LaunchEvents: "object",
  LaunchOnlyOnce: "boolean",
  LegacyTimers: "boolean",
  LimitLoadToHardware: "object",
  LimitLoadToSessionType: "string",
  LowPriorityBackgroundIO: "boolean",
  LowPriorityIO: "boolean",
  MachServices: "object",
  MaterializeDatalessFiles: "boolean",
  Nice: "number",
  ProcessType: "string",
  Program: "string",
  ProgramArguments: "object",
  QueueDirectories: "object",
  RootDirectory: "string",
  RunAtLoad: "boolean",
  SessionCreate: "boolean",
  SoftResourceLimits: "object",
  Sockets: "object",
  StandardErrorPath: "string",
  StandardInPath: "string",
  StandardOutPath: "string",
  StartCalendarInterval: "object",
  StartInterval: "number",
  StartOnMount: "boolean",
  ThrottleInterval: "number",
  TimeOut: "number",
  Umask: "number",
  UserName: "string",
  WaitForDebugger: "boolean",
  WatchPaths: "object",
  WorkingDirectory: "string",
  inetdCompatibility: "object"
}
const NESTED: Readonly<Record<string, ReadonlyArray<string>>> = {
  KeepAlive: ["AfterInitialDemand", "Crashed", "NetworkState", "OtherJobEnabled", "PathState", "SuccessfulExit"],
  SoftResourceLimits: [
    "CPU",
    "Core",
    "Data",
    "FileSize",
    "MemoryLock",
    "NumberOfFiles",
    "NumberOfProcesses",
    "ResidentSetSize",
    "Stack"
  ],
  Sockets: [
    "Bonjour",
    "MulticastGroup",
    "ReceivePacketInfo",
    "SecureSocketWithKey",
    "SockFamily",
    "SockNodeName",
    "SockPassive",
    "SockPathGroup",
    "SockPathMode",
    "SockPathName",
    "SockPathOwner",
    "SockProtocol",
    "SockServiceName",
    "SockType"
  ]
}
const PROCESS_TYPES = ["Background", "Standard", "Adaptive", "Interactive"]

const read = "import json,plistlib,sys; print(json.dumps(plistlib.load(open(sys.argv[1],'rb'))))"
const plist = JSON.parse(
  execFileSync("python3", ["-c", read, join(root, "launchd/dev.agentd.plist")], { encoding: "utf8" })
) as Record<string, Record<string, Record<string, unknown>>>

test("has only keys that Apple documents, with values of their types", () => {
  for (const [key, value] of Object.entries(plist)) expect([key, typeof value]).toEqual([key, KEYS[key]])
  for (const key of ["KeepAlive", "SoftResourceLimits"])
    expect(NESTED[key]).toEqual(expect.arrayContaining(Object.keys(plist[key]!)))
  for (const socket of Object.values(plist.Sockets!))
    expect(NESTED.Sockets).toEqual(expect.arrayContaining(Object.keys(socket)))
  expect(PROCESS_TYPES).toContain(plist.ProcessType)
})

test("starts on demand, restarts only after a crash, and keeps its socket to the user", () => {
  expect(plist.RunAtLoad).toBe(false)
  expect(plist.KeepAlive).toEqual({ Crashed: true })
  expect(Number(plist.ThrottleInterval)).toBeGreaterThanOrEqual(5)
  expect(plist.Sockets!.api).toMatchObject({ SockPathMode: 0o600 })
  expect(plist.Umask).toBe(0o077)
})
