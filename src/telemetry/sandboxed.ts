/** What EAFNOSUPPORT means below systemd, and the way out. */
export const SANDBOXED =
  'the unit\'s sandbox allows no network; "systemctl --user edit agentd.service" lets it: [Service] RestrictAddressFamilies=AF_INET AF_INET6'
