import meta from "@open-rpc/meta-schema"
import { Ajv } from "ajv"
import { describe, expect, it } from "vitest"
import { errorCodes } from "../../src/contract/errors/ErrorCodes.ts"
import { AgentdError } from "../../src/contract/errors/Errors.ts"
import { methods } from "../../src/contract/Methods.ts"
import { openRpcDocument } from "../../src/doors/OpenRpc.ts"

const document = openRpcDocument("1.2.3")
const text = JSON.stringify(document)
const methodNamed = (name: string) => document.methods.find((method) => method.name === name)!

/** The meta-schema refers to a draft 7 schema that is published under another address. */
const metaSchema = () => {
  const { $schema: _, ...openrpc } = meta as unknown as Record<string, unknown>
  const ajv = new Ajv({ strict: false, validateFormats: false })
  const draft7 = {
    allOf: [{ $ref: "http://json-schema.org/draft-07/schema#" }],
    definitions: { JSONSchemaObject: { properties: { $ref: { type: "string" } } } }
  }
  // Both spellings are in it.
  for (const address of ["https://meta.json-schema.tools", "https://meta.json-schema.tools/"]) {
    ajv.addSchema(draft7, address)
  }
  return ajv.compile(openrpc)
}

describe("the OpenRPC document", () => {
  it("is valid against the official meta-schema of OpenRPC 1.3", () => {
    const validate = metaSchema()
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true)
    expect(document.openrpc).toMatch(/^1\.3\./)
  })

  it("would not pass that meta-schema without its methods' params", () => {
    const broken = { ...document, methods: [{ name: "health" }] }
    expect(metaSchema()(broken)).toBe(false)
  })

  it("has every method of the contract, and rpc.discover itself, once", () => {
    const names = document.methods.map((method) => method.name)
    expect(names).toEqual(Object.keys(methods))
    expect(names).toContain("rpc.discover")
  })

  it("refers only to shapes and errors that it holds", () => {
    for (const [, kind, name] of text.matchAll(/"\$ref":"#\/components\/(schemas|errors)\/([^"]+)"/g)) {
      expect(Object.keys(document.components[kind as "schemas" | "errors"])).toContain(name)
    }
    const others = [...text.matchAll(/"\$ref":"([^"]+)"/g)].filter(([, ref]) => !ref!.startsWith("#/components/"))
    expect(others).toEqual([])
  })

  it("names shared shapes once instead of repeating them", () => {
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(["Event", "Screen", "Session", "SessionExit"])
    )
    expect(methodNamed("session.get").result.schema).toEqual({ $ref: "#/components/schemas/Session" })
  })

  it("has JSON Schemas a strict validator compiles", () => {
    const ajv = new Ajv({ strict: true, allowUnionTypes: true })
    ajv.addVocabulary(["components"])
    ajv.addSchema({ $id: "openrpc", components: document.components })
    for (const method of document.methods) {
      for (const schema of [method.result.schema, ...method.params.map((param) => param.schema)]) {
        const absolute = JSON.parse(JSON.stringify(schema).replaceAll("#/components/", "openrpc#/components/"))
        expect(() => ajv.compile(absolute), method.name).not.toThrow()
      }
    }
  })

  it("puts required params first, so that they can be given by position too", () => {
    for (const method of document.methods) {
      const required = method.params.map((param) => param.required)
      expect(required, method.name).toEqual(required.toSorted((a, b) => Number(b) - Number(a)))
    }
  })

  it("carries the patterns of ids, names and tags", () => {
    const schemaOf = (method: string, param: string) =>
      methodNamed(method).params.find((each) => each.name === param)!.schema
    expect(schemaOf("session.start", "name")).toMatchObject({ pattern: "^[a-z0-9][a-z0-9._-]{0,63}$" })
    expect(schemaOf("session.get", "session")).toHaveProperty("pattern")
    expect(schemaOf("session.start", "tags")).toMatchObject({ maxItems: 32, items: { pattern: expect.any(String) } })
    expect(document.components.schemas.Event).toMatchObject({ properties: { id: { pattern: expect.any(String) } } })
  })

  it("says which params are required, what they are for, and how long a method may take", () => {
    expect(
      methodNamed("session.start")
        .params.filter((param) => param.required)
        .map((param) => param.name)
    ).toEqual(["argv"])
    for (const method of document.methods) expect(method, method.name).toHaveProperty("x-deadline-ms")
    expect(methodNamed("session.wait")).toMatchObject({ "x-deadline-ms": null })
    expect(methodNamed("session.attach")).toMatchObject({ "x-frames": true })
    expect(methodNamed("event.watch")).toMatchObject({ "x-notifications": { event: {}, "event.gap": {} } })
    const silent = document.methods.flatMap((method) =>
      method.params.filter((param) => !("description" in param)).map((param) => `${method.name} ${param.name}`)
    )
    expect(silent).toEqual([])
  })

  it("knows every error: its stable code, a sentence, and the fields of its data", () => {
    for (const [tag, { code }] of Object.entries(errorCodes)) {
      expect(document.components.errors[tag]).toEqual({ code, message: expect.stringMatching(/\.$/) })
    }
    const tags = AgentdError.members.map((error) => error.fields._tag.schema.literal)
    expect(Object.keys(document["x-error-data"])).toEqual(tags)
    expect(document["x-error-data"].NameTaken).toEqual({
      type: "object",
      required: ["tag", "name", "holder"],
      properties: { tag: { const: "NameTaken" }, name: { type: "string" }, holder: { type: "string" } }
    })
  })

  it("lists for a method that names a session that the session may not exist", () => {
    for (const method of document.methods) {
      if (!method.params.some((param) => param.name === "session") || method.name === "event.list") continue
      expect(method.errors, method.name).toContainEqual({ $ref: "#/components/errors/SessionNotFound" })
    }
  })

  it("fits into one line of the protocol", () => {
    expect(Buffer.byteLength(text)).toBeLessThan(512 * 1024)
  })
})
