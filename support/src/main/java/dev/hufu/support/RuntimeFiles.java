package dev.hufu.support;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;

/**
 * The files this process runs from: the JDK's image and virtual machine, and the archives of its class path. An update replaces
 * them under a running process, which fails on what it loads next. They are looked at on threads of {@link Timers}, from
 * {@link #start} until {@link #stop}; the listener is called there.
 */
public final class RuntimeFiles implements Service {
    /** What is told of them, by one thread at a time. */
    public interface Listener {
        /** Once: what an orderly end needs is loaded, whatever becomes of the files from now on. */
        void prepared();

        /** At least one is another file, or none, and was itself at the look before. */
        void replaced(Set<Path> files);

        /** They are what was loaded again: whoever moved them away put them back. */
        void restored();

        /** After {@link #replaced}: all are there, and none has changed since the look before. Said once. */
        void settled();
    }

    /** The same as long as it is the same file with the same bytes, as far as a look from outside tells. */
    private record Identity(@Nullable Object file, long size, FileTime modified) {}

    private final Map<Path, Identity> loaded;
    private final Duration period;
    private final Timers timers;
    private final Listener listener;
    private Map<Path, Identity> before;
    private boolean prepared;
    private boolean settled;
    private volatile boolean stopped;
    private volatile Timers.@Nullable Scheduled next;

    /**
     * Remembers how they are now; those that are not there do not count.
     *
     * @param period between looks
     */
    public RuntimeFiles(List<Path> files, Duration period, Timers timers, Listener listener) {
        this.loaded = identities(files);
        this.before = loaded;
        this.period = period;
        this.timers = timers;
        this.listener = listener;
    }

    /** Those of this process. Directories of classes are a developer's, and change as he likes. */
    public static List<Path> ofThisProcess() {
        Path library = Path.of(System.getProperty("java.home")).resolve("lib");
        List<Path> files = new ArrayList<>(
                List.of(library.resolve("modules"), library.resolve("server").resolve(System.mapLibraryName("jvm"))));
        files.addAll(archives());
        return files;
    }

    private static List<Path> archives() {
        List<Path> archives = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path path = Path.of(entry).toAbsolutePath();
            if (!entry.isEmpty() && Files.isRegularFile(path)) {
                archives.add(path);
            }
        }
        return archives;
    }

    @Override
    public synchronized void start() {
        if (stopped || next != null) {
            throw new IllegalStateException("was started or stopped before");
        }
        schedule();
    }

    @Override
    public void stop() {
        stopped = true;
        Timers.Scheduled scheduled = next;
        if (scheduled != null) {
            scheduled.cancel();
        }
    }

    private void schedule() {
        next = timers.schedule(period, this::look);
        if (stopped) {
            stop();
        }
    }

    private synchronized void look() {
        if (stopped) {
            return;
        }
        try {
            Map<Path, Identity> now = identities(loaded.keySet());
            boolean changed = !now.equals(before);
            boolean wasReplaced = !before.equals(loaded);
            before = now;
            if (now.equals(loaded)) {
                settled = false;
                if (wasReplaced) {
                    listener.restored();
                }
                prepare();
            } else if (!wasReplaced) {
                listener.replaced(differing(now));
            } else if (!changed && !settled && now.keySet().equals(loaded.keySet())) {
                // An update that is still at work would be met half-way by whoever starts now.
                settled = true;
                listener.settled();
            }
        } finally {
            schedule();
        }
    }

    private Set<Path> differing(Map<Path, Identity> now) {
        Set<Path> differing = new TreeSet<>();
        loaded.forEach((path, identity) -> {
            if (!identity.equals(now.get(path))) {
                differing.add(path);
            }
        });
        return differing;
    }

    /** While nothing has changed yet, and when the start is over: whatever an orderly end needs is loaded. */
    private void prepare() {
        if (!prepared) {
            prepared = true;
            loadClasses();
            listener.prepared();
        }
    }

    /**
     * Opens every archive of the class path, which goes on being the file that it was where another is put in its place, and loads
     * the classes of this program, for archives that are written over.
     */
    private void loadClasses() {
        ClassLoader loader = RuntimeFiles.class.getClassLoader();
        // Archives are opened in the order of the path, as far as is needed: all of them for what is nowhere.
        loader.getResource("there/is/no/such/thing");
        String own = RuntimeFiles.class
                        .getPackageName()
                        .replaceFirst("\\.[^.]*$", "")
                        .replace('.', '/')
                + '/';
        for (Path archive : archives()) {
            try (JarFile jar = new JarFile(archive.toFile())) {
                jar.stream()
                        .map(JarEntry::getName)
                        .filter(name -> name.startsWith(own) && name.endsWith(".class"))
                        .forEach(name -> load(loader, name));
            } catch (IOException _) {
                // No archive, or replaced this moment: what is in it is loaded when it is needed.
            }
        }
    }

    private static void load(ClassLoader loader, String file) {
        try {
            Class.forName(file.substring(0, file.length() - ".class".length()).replace('/', '.'), false, loader);
        } catch (ClassNotFoundException | LinkageError _) {
            // It extends what this program does not carry, and so is not used by it either.
        }
    }

    private static Map<Path, Identity> identities(Iterable<Path> files) {
        Map<Path, Identity> identities = new HashMap<>();
        for (Path file : files) {
            try {
                BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
                identities.put(file, new Identity(found.fileKey(), found.size(), found.lastModifiedTime()));
            } catch (IOException _) {
                // Between two that replace each other there may be none.
            }
        }
        return identities;
    }
}
