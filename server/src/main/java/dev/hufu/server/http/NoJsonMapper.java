package dev.hufu.server.http;

import io.javalin.json.JsonMapper;

/** Routes read and write JSON themselves; what would go around them fails. */
final class NoJsonMapper implements JsonMapper {}
