/**
 * Hosts with a network between them, on one machine: a network namespace (ip-netns(8)) for each, joined by a bridge in one more, so that
 * nothing of it is seen by, or leaves through, the machine's own network. Needs root.
 *
 *     await using network = Network.of("laptop", "server")
 *     network.through("server") // argv prefix that runs a program on that host
 *     network.cut("laptop")
 */
import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"

/** What `ip` and `tc` are asked for is their own command line. */
const run = (program: "ip" | "tc", ...words: ReadonlyArray<string>) =>
  execFileSync(program, words, { stdio: ["ignore", "pipe", "pipe"] }).toString()

export class Network<Host extends string> implements Disposable {
  readonly #prefix = `agentd-${randomBytes(3).toString("hex")}`
  readonly #hosts: ReadonlyArray<Host>

  static of<Host extends string>(...hosts: ReadonlyArray<Host>): Network<Host> {
    const network = new Network(hosts)
    try {
      network.#build()
      return network
    } catch (cause) {
      network[Symbol.dispose]()
      throw cause
    }
  }

  private constructor(hosts: ReadonlyArray<Host>) {
    this.#hosts = hosts
  }

  /** Of the range kept for documentation (RFC 5737). */
  address(host: Host): string {
    return `192.0.2.${this.#hosts.indexOf(host) + 1}`
  }

  /** Runs a program on a host. */
  through(host: Host): ReadonlyArray<string> {
    return ["ip", "netns", "exec", this.#namespace(host)]
  }

  /** Takes the host's line out of the bridge: what is sent gets lost, and nobody is told. */
  cut(host: Host): void {
    run("ip", "-n", this.#switch, "link", "set", this.#port(host), "nomaster")
  }

  mend(host: Host): void {
    run("ip", "-n", this.#switch, "link", "set", this.#port(host), "master", "bridge")
  }

  /**
   * Both directions of the host's line from now on (tc-tbf(8)): what comes faster than the rate waits in a queue of a few packets, and
   * is lost where that is full. Not netem, which not every kernel has.
   */
  narrow(host: Host, rate: string): void {
    const words = ["root", "tbf", "rate", rate, "burst", "3kb", "limit", "6kb"]
    run("tc", "-n", this.#namespace(host), "qdisc", "replace", "dev", "line", ...words)
    run("tc", "-n", this.#switch, "qdisc", "replace", "dev", this.#port(host), ...words)
  }

  /** Packets of both directions that a narrow line has lost. */
  lost(host: Host): number {
    const figures = [
      run("tc", "-n", this.#namespace(host), "-s", "qdisc", "show", "dev", "line"),
      run("tc", "-n", this.#switch, "-s", "qdisc", "show", "dev", this.#port(host))
    ]
    return figures.reduce((sum, text) => sum + Number(/dropped (\d+)/.exec(text)?.[1] ?? 0), 0)
  }

  [Symbol.dispose](): void {
    const there = run("ip", "netns", "list").split("\n")
    for (const name of [this.#switch, ...this.#hosts.map((host) => this.#namespace(host))]) {
      if (there.some((line) => line.split(" ")[0] === name)) run("ip", "netns", "delete", name)
    }
  }

  get #switch(): string {
    return `${this.#prefix}-switch`
  }

  #namespace(host: Host): string {
    return `${this.#prefix}-${host}`
  }

  #port(host: Host): string {
    return `port${this.#hosts.indexOf(host)}`
  }

  #build(): void {
    run("ip", "netns", "add", this.#switch)
    run("ip", "-n", this.#switch, "link", "add", "bridge", "type", "bridge")
    run("ip", "-n", this.#switch, "link", "set", "bridge", "up")
    for (const host of this.#hosts) {
      const namespace = this.#namespace(host)
      run("ip", "netns", "add", namespace)
      run("ip", "-n", namespace, "link", "add", "line", "type", "veth", "peer", this.#port(host), "netns", this.#switch)
      run("ip", "-n", this.#switch, "link", "set", this.#port(host), "master", "bridge", "up")
      run("ip", "-n", namespace, "address", "add", `${this.address(host)}/24`, "dev", "line")
      run("ip", "-n", namespace, "link", "set", "line", "up")
      run("ip", "-n", namespace, "link", "set", "lo", "up")
    }
  }
}
