/** What a phone shows: each vendor's folder brings its own app, `escalator/channels/VENDOR/look.js`. */

/**
 * @typedef {import("./api.js").Message} Message
 * @typedef {import("./api.js").Person} Person
 * @typedef {{name: string, look: string, isMachine: boolean, isOnDesk: boolean,
 *   contentOf: (message: Message, around: Object) => Node[], ownerOf: (message: Message, people: Person[]) => Person|null,
 *   titleOf: (message: Message, owner: Person|null) => string, barOf: (phone: {title: string, owner: Person|null}) => string,
 *   subtitleOf: (owner: Person|null, viewer: Person) => string,
 *   sinceOf?: (message: Message, scene: import("./phones.js").Scene) => string|null}} App
 *   `sinceOf` is what has happened since, where what was sent cannot be brought up to date
 */

export {};
