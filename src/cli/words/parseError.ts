/** What oclif says of a command line it does not understand, without what is not so here: a flag that may be repeated takes one value each time. */
export const parseError = (message: string): string =>
  message.replace(/\n\nNote: --[\s\S]*?(?=\nSee more help|$)/, "").replace(/^Parsing (--[\w-]+) \n\t/, "$1: ")
