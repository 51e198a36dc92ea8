/**
 * Why a goal is missed, by the title of its measurement: what a profile showed. Printed only while it is missed.
 */
export const causes: Readonly<Record<string, string>> = {}
