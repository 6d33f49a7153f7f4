package dev.hufu.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.cli.Manual;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** What the command line tells of {@code hufu server} is what the server takes: the two lists are written by hand. */
final class ServerHelpTest {
    @TempDir
    private Path folder;

    @Test
    void theManualHasTheServersOptions() throws IOException {
        List<String> taken = new ArrayList<>();
        for (OptionSpec option :
                new CommandLine(dev.hufu.server.Main.class).getCommandSpec().options()) {
            String label = option.arity().max() == 0 ? "" : " " + option.paramLabel();
            taken.add(String.join(", ", option.names()) + label);
        }
        Manual.main(new String[] {folder.toString()});
        List<String> told = Files.readAllLines(folder.resolve("hufu-server.1")).stream()
                .filter(line -> line.startsWith("\\fB\\-"))
                .map(line -> line.replaceAll("\\\\f[BRI]", "").replace("\\-", "-"))
                .toList();
        assertThat(told).containsExactlyElementsOf(taken);
    }
}
