/**
 * What commands use of oclif, from its parts: its index would load its plugin system, help and spinners as well.
 */
export * as Args from "@oclif/core/args"
export * as Flags from "@oclif/core/flags"
