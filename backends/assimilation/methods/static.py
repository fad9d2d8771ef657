"""The static B of a method: that of the climate, or one with a length of its own."""

from backends.assimilation.methods.base import Setting
from backends.background_error.base import BackgroundError
from backends.background_error.of_model import gaussian_covariance


class StaticCovariance:
    """What a static B is a multiple of, for the newest length, which mostly is that of the cycle before.

    Parameters
    ----------
    setting
        Whose climate and model it is made from.
    length
        L, for which it is formed at once, so that a length that cannot be is found at the start; None: the climate's.

    Raises
    ------
    InputError
        If L cannot be the length of a covariance of the model.
    """

    def __init__(self, setting: Setting, length: float | None) -> None:
        self._setting = setting
        self._length: float | None = None
        self._newest = setting.climatology
        self.of(length)

    def of(self, length: float | None) -> BackgroundError:
        """Return the climatological covariance, or that with its variances and a Gaussian correlation of a length L.

        The same object comes as long as the length stays the same.

        Raises
        ------
        InputError
            If L cannot be the length of a covariance of the model.
        """
        if length != self._length:
            climate = self._setting.climatology
            self._newest = climate if length is None else gaussian_covariance(self._setting.model, climate.variance(), length)
            self._length = length
        return self._newest
