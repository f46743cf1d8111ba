#include <stddef.h>

#ifdef _WIN32
#ifdef binning_EXPORTS
#define BINNING_API __declspec(dllexport)
#else
#define BINNING_API __declspec(dllimport)
#endif
#else
#define BINNING_API __attribute__((visibility("default")))
#endif

/* In which of `bins` bins of equal width over [low, high) a value is; `bins` if it is outside. */
BINNING_API size_t binning_find(double low, double high, size_t bins, double value);
