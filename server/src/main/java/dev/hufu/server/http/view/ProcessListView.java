package dev.hufu.server.http.view;

import dev.hufu.protocol.ProcessList;
import dev.hufu.server.http.json.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/** The processes of a task as the API shows them. Pure. */
public final class ProcessListView {
    private ProcessListView() {}

    public static byte[] render(ProcessList list) {
        return Json.write(generator -> write(generator, list));
    }

    private static void write(JsonGenerator generator, ProcessList list) {
        generator.writeStartObject();
        Json.time(generator, "takenAt", list.takenAt());
        generator.writeArrayPropertyStart("processes");
        list.processes().forEach(process -> write(generator, process));
        generator.writeEndArray();
        generator.writeBooleanProperty("truncated", list.truncated());
        generator.writeEndObject();
    }

    private static void write(JsonGenerator generator, ProcessList.Item process) {
        generator.writeStartObject();
        generator.writeNumberProperty("pid", process.pid());
        generator.writeNumberProperty("parentPid", process.parent());
        generator.writeStringProperty("name", process.name());
        generator.writeStringProperty("command", String.join(" ", process.argv()));
        strings(generator, "argv", process.argv());
        generator.writeBooleanProperty("argvTruncated", process.argvTruncated());
        generator.writeStringProperty("state", process.state().name());
        generator.writeNumberProperty("userMs", process.userMs());
        generator.writeNumberProperty("systemMs", process.systemMs());
        if (process.residentBytes() == null) {
            generator.writeNullProperty("rssBytes");
        } else {
            generator.writeNumberProperty("rssBytes", process.residentBytes());
        }
        generator.writeNumberProperty("threads", process.threads());
        Json.text(generator, "waitsOn", process.waitsOn());
        strings(generator, "kernelStack", process.kernelStack());
        generator.writeEndObject();
    }

    private static void strings(JsonGenerator generator, String name, @Nullable List<String> strings) {
        if (strings == null) {
            generator.writeNullProperty(name);
            return;
        }
        generator.writeArrayPropertyStart(name);
        strings.forEach(generator::writeString);
        generator.writeEndArray();
    }
}
