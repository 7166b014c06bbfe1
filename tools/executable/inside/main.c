/* The executable's own start: an isolated CPython whose modules lie in a zip archive at the end of this very file.
 *
 * Nothing of the caller's environment says what is run, nothing is unpacked, and no compiled module is loaded from the disk.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ITSELF "/proc/self/exe"
#define BAD_CONTENT 78

PyMODINIT_FUNC PyInit__psutil_linux(void);

/* _ssm_process: what the standard library has no call for. */

static PyObject *forbid_dumps(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return PyErr_SetFromErrno(PyExc_OSError);
    Py_RETURN_NONE;
}

static PyMethodDef process_methods[] = {
    {"forbid_dumps", forbid_dumps, METH_NOARGS, "PR_SET_DUMPABLE 0 (prctl(2)) for this process; OSError."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef process_module = {
    PyModuleDef_HEAD_INIT, "_ssm_process", NULL, 0, process_methods, NULL, NULL, NULL, NULL,
};

static PyObject *PyInit__ssm_process(void)
{
    return PyModuleDef_Init(&process_module);
}

static void refuse(const char *why)
{
    fprintf(stderr, "ssm-bootstrap: %s\n", why);
    exit(BAD_CONTENT);
}

#ifndef PLAIN
/* A stream that the caller has closed must not become the number of a file that is opened here. */
static void open_missing(void)
{
    for (int number = 0; number < 3; number++)
        if (fcntl(number, F_GETFD) == -1 && errno == EBADF)
            (void)!open("/dev/null", O_RDWR);
}

static int is_the_same(const char *path)
{
    struct stat here, itself;
    return stat(ITSELF, &itself) == 0 && stat(path, &here) == 0 && here.st_dev == itself.st_dev && here.st_ino == itself.st_ino;
}

/* The path by which the kernel was asked to start this file; where that leads elsewhere by now, what the kernel says it is. */
static const char *called_as(const char *first_word)
{
    static char real[PATH_MAX];
    const char *asked = (const char *)getauxval(AT_EXECFN);
    ssize_t length;

    if (asked != NULL && is_the_same(asked))
        return asked;
    length = readlink(ITSELF, real, sizeof real - 1);
    if (length > 0) {
        real[length] = '\0';
        return real;
    }
    return asked != NULL ? asked : first_word;
}

/* Whether the archive's end is there: a download that was cut short, or a tool that strips, leaves none. */
static int ends_whole(const char *path)
{
    char end[22];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    int is_whole = file >= 0 && lseek(file, -(off_t)sizeof end, SEEK_END) > 0 && read(file, end, sizeof end) == sizeof end
        && memcmp(end, "PK\005\006", 4) == 0;

    if (file >= 0)
        close(file);
    return is_whole;
}

static void must(PyStatus status)
{
    if (!PyStatus_Exception(status))
        return;
    if (PyStatus_IsExit(status))
        exit(status.exitcode);
    fprintf(stderr, "ssm-bootstrap: its own Python does not start: %s\n", status.err_msg ? status.err_msg : "no reason is given");
    exit(BAD_CONTENT);
}

static void add_place(PyConfig *config, const char *archive, const char *name)
{
    char path[PATH_MAX + 32];
    wchar_t *decoded;

    snprintf(path, sizeof path, "%s/%s", archive, name);
    decoded = Py_DecodeLocale(path, NULL);
    if (decoded == NULL)
        refuse("no memory");
    must(PyWideStringList_Append(&config->module_search_paths, decoded));
    PyMem_RawFree(decoded);
}

#endif

static void add_modules(void)
{
    if (PyImport_AppendInittab("psutil._psutil_linux", PyInit__psutil_linux) != 0
        || PyImport_AppendInittab("_ssm_process", PyInit__ssm_process) != 0)
        refuse("no memory");
}

#ifdef PLAIN
/* The same with python3's own command line: it builds, and it runs the tests. It goes into no executable. */
int main(int count, char **words)
{
    add_modules();
    return Py_BytesMain(count, words);
}
#else
int main(int count, char **words)
{
    static char found[PATH_MAX];
    const char *archive = ITSELF;
    const char *asked;
    PyPreConfig before;
    PyConfig config;

    open_missing();
    asked = called_as(count > 0 ? words[0] : "ssm-bootstrap");
    /* That name goes on leading to this file when another has taken its place. Without /proc the path itself has to do. */
    if (access(ITSELF, R_OK) != 0) {
        if (realpath(asked, found) == NULL || access(found, R_OK) != 0)
            refuse("it cannot read its own file: is /proc mounted, and may this user read the file?");
        archive = found;
    }

    if (!ends_whole(archive))
        refuse("its own file is not whole: fetch it again, and compare its SHA-256");

    PyPreConfig_InitPythonConfig(&before);
    before.isolated = 1;
    before.use_environment = 0;
    must(Py_PreInitialize(&before));

    PyConfig_InitIsolatedConfig(&config);
    config.parse_argv = 0;
    config.site_import = 0;
    config.write_bytecode = 0;
    config.pathconfig_warnings = 0;
    config.install_signal_handlers = 1;
    config.use_frozen_modules = 1;
    config.module_search_paths_set = 1;
    /* With a home that is named it looks for no pyvenv.cfg beside this file. */
    must(PyConfig_SetBytesString(&config, &config.home, archive));
    must(PyConfig_SetBytesString(&config, &config.program_name, asked));
    must(PyConfig_SetBytesString(&config, &config.executable, asked));
    must(PyConfig_SetBytesString(&config, &config.base_executable, asked));
    must(PyConfig_SetBytesString(&config, &config.prefix, archive));
    must(PyConfig_SetBytesString(&config, &config.exec_prefix, archive));
    must(PyConfig_SetBytesString(&config, &config.base_prefix, archive));
    must(PyConfig_SetBytesString(&config, &config.base_exec_prefix, archive));
    must(PyConfig_SetBytesString(&config, &config.run_command, "import ssm_start; ssm_start.start()"));
    add_place(&config, archive, "stdlib");
    add_place(&config, archive, "site-packages");
    if (count > 0) {
        words[0] = (char *)asked;
        must(PyConfig_SetBytesArgv(&config, count, words));
    }

    add_modules();
    must(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);
    return Py_RunMain();
}
#endif
