/**
 * What the operating system gives, and this user's own directories.
 */
import { Layer } from "effect"
import { Boot } from "../../host/Boot.ts"
import { Directories } from "../../host/files/Directories.ts"
import { FileLock } from "../../host/files/FileLock.ts"
import * as FileSystem from "../../host/files/FileSystem.ts"
import { Git } from "../../host/git/Git.ts"
import { ControlGroups } from "../../host/processes/ControlGroups.ts"
import { ProcessTable } from "../../host/processes/ProcessTable.ts"
import { Programs } from "../../host/processes/Programs.ts"
import { InputPipes } from "../../host/pty/InputPipe.ts"
import { Pty } from "../../host/pty/Pty.ts"
import { Environment } from "../../host/self/Environment.ts"
import { Handover } from "../../host/self/Handover.ts"
import { Memory } from "../../host/self/Memory.ts"
import { Self } from "../../host/self/Self.ts"
import { Signals } from "../../host/self/Signals.ts"
import { FdStore } from "../../host/service/FdStore.ts"
import { Notify } from "../../host/service/Notify.ts"
import { PeerCredentials } from "../../host/sockets/PeerCredentials.ts"

/** What the operating system gives. */
export const HostServices = Layer.mergeAll(
  ControlGroups.layer,
  Boot.layer,
  Environment.layer,
  FdStore.layer,
  FileLock.layer,
  Git.layer,
  Handover.layer,
  InputPipes.layer,
  Memory.layer,
  Notify.layer,
  PeerCredentials.layer,
  ProcessTable.layer,
  Programs.layer,
  Pty.layer,
  Self.layer,
  Signals.layer,
  FileSystem.layer
)

/** The same with this user's own directories. */
export const Host = HostServices.pipe(Layer.provideMerge(Directories.layer))
