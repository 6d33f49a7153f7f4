package dev.hufu.server.config;

import dev.hufu.server.config.ConfigProblem.Place;
import java.util.LinkedHashMap;
import java.util.List;

/** A value in the file, with where it stands. */
sealed interface ConfigNode {
    Place place();

    /** A mapping; the place of a key is that of its name. */
    record Mapping(Place place, LinkedHashMap<String, Entry> entries) implements ConfigNode {}

    /** A name with its value. */
    record Entry(Place place, ConfigNode value) {}

    record Items(Place place, List<ConfigNode> items) implements ConfigNode {}

    record Scalar(Place place, Kind kind, String text) implements ConfigNode {}

    /** What YAML takes a scalar for. */
    enum Kind {
        TEXT,
        WHOLE_NUMBER,
        OTHER_NUMBER,
        BOOLEAN,
        NOTHING
    }
}
